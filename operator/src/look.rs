//! One look at the API server and the nodes: what is asked of whom, and what is made of the answers.
//!
//! ```text
//!   caches, or the API server itself ──> Objects ─┐
//!   nodes, all at once ──────────────────> Said ──┼──> Observed
//!   dry-run applies of what has changed ─> Judged ┘
//! ```
//!
//! Reading is here and in `objects`, `asking` and `judging`; what is made of what was read is pure, in the other files. A
//! cached look at a cluster of which nothing has changed asks nothing of the API server.

mod answers;
mod asking;
mod budgets;
mod claims;
mod error;
mod judging;
mod machines;
mod members;
mod objects;
mod places;
mod pods;
mod sets;

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;

pub(crate) use self::judging::Judgements;
pub use self::{
    asking::{leader, node},
    error::LookError,
    members::SILENT_AFTER,
};
use self::{
    judging::{Judged, judge},
    objects::Objects,
};
use crate::{
    api::SilhouetteCluster,
    ids::{ClusterId, Ordinal},
    nodes::Said,
    observed::{Observed, Slot},
    resources::Children,
    surroundings::Surroundings,
};

/// How far a look sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// What was watched last. It may be old.
    Cached,
    /// Past every cache, to the API server's own store.
    Fresh,
}

/// Looks at a cluster. Nodes that do not answer in time are silent; an API server that does not answer is an error.
/// Whose turn it is to roll is not looked at.
pub async fn look(
    surroundings: &Surroundings,
    cluster: &SilhouetteCluster,
    sight: Sight,
) -> Result<Observed, LookError> {
    let subject = Subject::of(cluster)?;
    let children = Children::of(cluster)?;
    let objects = Objects::read(surroundings, subject, &children, sight).await?;
    let (said, judged) = tokio::join!(
        asking::ask_all(surroundings, subject, &objects),
        judge(surroundings, subject, &children, &objects)
    );
    observe(subject, &objects, &said, judged, Timestamp::now())
}

/// The cluster that is looked at.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    namespace: &'a str,
    name: &'a str,
    uid: &'a str,
    /// `status.clusterId`.
    recorded: Option<&'a str>,
}

impl<'a> Subject<'a> {
    fn of(cluster: &'a SilhouetteCluster) -> Result<Self, LookError> {
        let metadata = &cluster.metadata;
        Ok(Self {
            namespace: metadata.namespace.as_deref().ok_or(LookError::Unnamed { missing: "namespace" })?,
            name: metadata.name.as_deref().ok_or(LookError::Unnamed { missing: "name" })?,
            uid: metadata.uid.as_deref().ok_or(LookError::Unnamed { missing: "uid" })?,
            recorded: cluster.status.as_ref().and_then(|status| status.cluster_id.as_deref()),
        })
    }
}

/// What was seen, of what was read.
fn observe(
    subject: Subject<'_>,
    objects: &Objects,
    said: &BTreeMap<Ordinal, Said>,
    judged: Judged,
    now: Timestamp,
) -> Result<Observed, LookError> {
    let mut slots: BTreeMap<Ordinal, Slot> = BTreeMap::new();
    for claim in &objects.claims {
        if let Some(ordinal) = places::of_claim(subject.name, &claim.name_any()) {
            slots.entry(ordinal).or_default().claim = Some(claims::claim_seen(claim));
        }
    }
    for pod in &objects.pods {
        if let Some(ordinal) = places::of_pod(subject.name, &pod.name_any()) {
            let machine = pods::machine_name(pod).map(|name| (name, objects.machines.get(name).map(AsRef::as_ref)));
            slots.entry(ordinal).or_default().pod = Some(pods::pod_seen(pod, machine, now));
        }
    }
    for (ordinal, said) in said {
        if let Some(answer) = answers::answer(said) {
            slots.entry(*ordinal).or_default().answer = answer;
        }
    }
    let mut observed = Observed {
        recorded: subject.recorded.map(ClusterId::from),
        set: objects.set.as_deref().map(|set| sets::set_seen(set, judged.is_set_outdated)),
        budget: objects.budget.as_deref().map(|budget| budgets::budget_seen(budget, judged.is_budget_outdated)),
        outdated: judged.outdated,
        slots,
        cluster: None,
        version: said.values().find_map(|said| answers::version(&said.identity)),
        rolling_elsewhere: None,
    };
    observed.cluster = members::cluster_seen(subject.name, &observed, said)?;
    Ok(observed)
}
