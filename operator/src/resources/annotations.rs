//! Annotations: notes on objects, and what people ask for by name.

use serde_json::{Value, json};

/// On a claim: the cluster whose data it holds. A cache.
pub const CLUSTER_ID: &str = "silhouette.dev/cluster-id";

/// On a claim: the member whose data it holds. A cache.
pub const MEMBER_ID: &str = "silhouette.dev/member-id";

/// On a claim, StatefulSet or budget: what it protects is about to be taken away. Whoever needs it takes the mark back.
pub const RELEASED: &str = "silhouette.dev/released";

/// On the resource: the volume of this member is lost for good, and may be made anew.
pub const REPLACE_MEMBER: &str = "silhouette.dev/replace-member";

/// On the resource: the data of this cluster are lost, and a new one may be founded.
pub const START_AGAIN_WITHOUT: &str = "silhouette.dev/start-again-without";

/// The value of marks such as [`RELEASED`].
pub const TRUE: &str = "true";

/// Marks an object that is to be applied as released. Applied without the mark, it is taken back.
pub fn release(object: &mut Value) {
    object["metadata"]["annotations"][RELEASED] = json!(TRUE);
}
