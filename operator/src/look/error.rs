//! Why a cluster cannot be looked at.

use crate::{ids::MemberId, nodes::NodeError, resources::ResourcesError, surroundings::Unread};

/// Why a cluster cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// The resource was not read from an API server.
    #[error("the resource has no {missing}")]
    Unnamed {
        /// What it lacks.
        missing: &'static str,
    },
    /// What it asks for cannot be made.
    #[error(transparent)]
    Resources(#[from] ResourcesError),
    /// The API server refused, or could not be asked.
    #[error("{what} cannot be read: {source}")]
    Api {
        /// Such as `pods`.
        what: &'static str,
        /// What it said.
        source: kube::Error,
    },
    /// What is watched was never read.
    #[error(transparent)]
    Unread(#[from] Unread),
    /// The namespace is not among those that are watched.
    #[error("namespace {namespace} is not watched")]
    NotWatched {
        /// The resource's namespace.
        namespace: String,
    },
    /// A member is in no pod of the cluster's StatefulSet, so nothing is known of its place.
    #[error(
        "member {member} is called {name:?}, which is no pod of this cluster; only members in pods are kept: remove it with \
         `silhouettectl cluster remove`"
    )]
    NoPlace {
        /// Its number.
        member: MemberId,
        /// Its name.
        name: String,
    },
    /// No pod is there, or it has no address yet.
    #[error("{pod} has no address")]
    NoAddress {
        /// The pod.
        pod: String,
    },
    /// Nobody who leads the cluster answers.
    #[error("no leader of cluster {cluster} answers")]
    NoLeader {
        /// The cluster.
        cluster: String,
    },
    /// A node failed.
    #[error(transparent)]
    Node(#[from] NodeError),
}
