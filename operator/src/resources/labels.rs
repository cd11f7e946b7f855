//! Labels of the objects that a resource asks for.
//!
//! Only [`CLUSTER`] selects. The `app.kubernetes.io/` labels are for people and their tools, and `instance` is never among
//! them: tools that deploy from repositories take whatever bears it for theirs, and delete it.

use std::collections::BTreeMap;

use super::image::version;

/// Of which resource: selects pods, and claims, which the StatefulSet's controller labels alike.
pub const CLUSTER: &str = "silhouette.dev/cluster";

/// What it is: always [`SILHOUETTE`].
pub const NAME: &str = "app.kubernetes.io/name";

/// Which part: always [`NODE`].
pub const COMPONENT: &str = "app.kubernetes.io/component";

/// Of what: always [`SILHOUETTE`].
pub const PART_OF: &str = "app.kubernetes.io/part-of";

/// Which release: the image's tag.
pub const VERSION: &str = "app.kubernetes.io/version";

/// Who writes it: always [`super::FIELD_MANAGER`].
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// The application's name.
pub const SILHOUETTE: &str = "silhouette";

/// The name of the operator's own pods, as its chart labels them with [`NAME`].
pub const OPERATOR: &str = "silhouette-operator";

/// The component of everything that serves one cluster.
pub const NODE: &str = "node";

/// Labels by name.
pub(super) type Labels = BTreeMap<String, String>;

/// Labels that select what belongs to a cluster.
pub(super) fn selector(cluster: &str) -> Labels {
    Labels::from([(CLUSTER.to_owned(), cluster.to_owned())])
}

/// Labels that never change in a cluster's life: those of claims, which cannot be given others.
pub(super) fn lasting(cluster: &str) -> Labels {
    let pairs = [
        (CLUSTER, cluster),
        (NAME, SILHOUETTE),
        (COMPONENT, NODE),
        (PART_OF, SILHOUETTE),
        (MANAGED_BY, super::FIELD_MANAGER),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// All labels of an object: those that last, and the release of its image.
pub(super) fn all(cluster: &str, image: &str) -> Labels {
    let version = version(image).map(|version| (VERSION.to_owned(), version.to_owned()));
    lasting(cluster).into_iter().chain(version).collect()
}
