//! Carries out one step.
//!
//! A step was planned from a look that may be old. So each names what was seen, and is refused where it lands if that is
//! not so any more: by uid and version at the API server, by cluster, data directory and configuration at the nodes. A
//! refusal is nothing special: the next pass looks anew. What this does is what `operator/tests/simulator/carry.rs`
//! simulates.

mod claims;
mod configurations;
mod error;
mod members;
mod objects;
mod outcome;
mod ownership;
mod pods;
#[cfg(test)]
mod tests;

use kube::{Api, ResourceExt as _};

pub use error::Error;
pub use outcome::Outcome;

use self::{claims::Claims, members::Members, objects::Objects};
use crate::{
    api::SilhouetteCluster,
    ids::Ordinal,
    plan::Action,
    resources::{Children, names},
    surroundings::Surroundings,
};

/// Carries out one step of the plan that was made for a resource. Carried out twice, it does what it does once.
///
/// # Errors
/// Whatever kept it from being done. [`Error::outcome`] says what follows from that.
pub async fn carry_out(surroundings: &Surroundings, cluster: &SilhouetteCluster, action: &Action) -> Result<(), Error> {
    let (client, name) = (&surroundings.client, cluster.name_any());
    let namespace = cluster.namespace().unwrap_or_default();
    let objects = || Ok::<_, Error>(Objects::new(client, &namespace, &name, Children::of(cluster)?));
    let claims = || Claims::new(client, &namespace);
    let members = Members { surroundings, resource: cluster };
    let pods = || Api::namespaced(client.clone(), &namespace);
    let pod = |ordinal: Ordinal| format!("{}-{ordinal}", names::main(&name));
    let claim = |ordinal: Ordinal| names::claim(&name, ordinal);
    match action {
        Action::Apply { child } => objects()?.apply(*child).await,
        Action::ApplySet { replicas, seen } => objects()?.apply_set(*replicas, seen.as_ref()).await,
        Action::ReleasePlaces { seen, .. } => objects()?.release_places(seen).await,
        Action::SetBudget { min_available, seen } => objects()?.set_budget(*min_available, seen.as_ref()).await,
        Action::ReleaseBudget { seen, .. } => objects()?.release_budget(seen).await,
        Action::AnnotateClaim { ordinal, claim: uid, seen, cluster, member } => {
            claims().annotate(&claim(*ordinal), (uid, seen), (cluster, *member)).await
        }
        Action::ReleaseClaim { ordinal, claim: uid, seen } => claims().release(&claim(*ordinal), (uid, seen)).await,
        Action::DeleteClaim { ordinal, claim: uid, seen } => claims().delete(&claim(*ordinal), (uid, seen)).await,
        Action::Evict { ordinal, pod: uid } => pods::evict(&pods(), &pod(*ordinal), uid).await,
        Action::DeletePod { ordinal, pod: uid, seen } => pods::delete(&pods(), &pod(*ordinal), uid, seen).await,
        Action::Bootstrap { ordinal, instance, cluster, initial_members } => {
            members.bootstrap(*ordinal, instance, cluster, *initial_members).await
        }
        Action::Allocate { cluster, ordinal, instance, replaces } => {
            members.allocate(cluster, *ordinal, instance, *replaces).await
        }
        Action::Join { cluster, ordinal, instance, member } => members.join(cluster, *ordinal, instance, *member).await,
        Action::ChangeMembers { cluster, index, changes } => members.change(cluster, *index, changes).await,
        Action::TransferLeadership { cluster, to } => members.transfer_leadership(cluster, *to).await,
    }
}
