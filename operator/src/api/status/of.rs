//! From one look, and the plan made from it, to the status. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::ResourceExt as _;

use super::{MemberStatus, SilhouetteClusterStatus, StepStatus};
use crate::{
    api::{InvalidAnnotation, SilhouetteCluster},
    observed::{Answer, ClusterSeen, MemberSeen, Observed},
    plan::{Identity, Plan},
    resources::labels,
    status::{self, Conditions},
};

/// What a status is made of.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What was seen.
    pub observed: &'a Observed,
    /// What is to be done.
    pub plan: &'a Plan,
    /// What that tells.
    pub conditions: &'a Conditions,
    /// Version of the nodes' program, as far as nodes answered.
    pub version: Option<&'a str>,
}

impl SilhouetteClusterStatus {
    /// The status of a resource at `now`. What has not changed since the resource's present status keeps its time, so that
    /// the same view gives the same status.
    pub fn of(cluster: &SilhouetteCluster, view: &View<'_>, now: &Time) -> Self {
        let View { observed, plan, conditions, version } = *view;
        let name = cluster.name_any();
        let seen = observed.cluster.as_ref();
        let shown = plan.next().or(plan.steps.first());
        Self {
            observed_generation: cluster.metadata.generation.unwrap_or_default(),
            conditions: dated(cluster, conditions, now),
            cluster_id: cluster_id(observed, plan),
            leader: seen.and_then(ClusterSeen::leader).map(|leader| format!("{name}-{}", leader.ordinal)),
            members: seen.map(|seen| members(seen, &name)).unwrap_or_default(),
            replicas: pods(observed),
            selector: Some(selector(&name)),
            quorum: seen.map(|seen| quorum(seen, observed)),
            version: version.map(str::to_owned),
            next: shown.map(crate::plan::Step::short),
            plan: plan.steps.iter().map(StepStatus::from).collect(),
        }
    }

    /// The status of a resource that nothing can be planned for: what was seen last, and what people must change.
    pub fn refused(cluster: &SilhouetteCluster, refusal: &InvalidAnnotation, now: &Time) -> Self {
        Self::unplanned(cluster, "InvalidAnnotation", refusal.to_string(), now)
    }

    /// The same, for whatever else keeps it from being planned for.
    pub fn unplanned(cluster: &SilhouetteCluster, reason: &'static str, message: String, now: &Time) -> Self {
        let conditions = Conditions::unplanned(reason, message);
        Self {
            observed_generation: cluster.metadata.generation.unwrap_or_default(),
            conditions: dated(cluster, &conditions, now),
            selector: Some(selector(&cluster.name_any())),
            next: None,
            plan: Vec::new(),
            ..cluster.status.clone().unwrap_or_default()
        }
    }
}

/// The conditions, each with the time since which it has held or not.
fn dated(cluster: &SilhouetteCluster, conditions: &Conditions, now: &Time) -> Vec<Condition> {
    let before = cluster.status.as_ref().map_or(&[][..], |status| &status.conditions);
    let date = |condition: &status::Condition| {
        let (type_, status) = (condition.kind.as_str(), condition.truth.as_str());
        let same = before.iter().find(|before| before.type_ == type_ && before.status == status);
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: condition.reason.to_owned(),
            message: condition.message.clone(),
            last_transition_time: same.map_or(now, |same| &same.last_transition_time).clone(),
            observed_generation: cluster.metadata.generation,
        }
    };
    conditions.0.iter().map(date).collect()
}

/// The cluster to remember. While there are two, or none answers, it is the one that was remembered.
fn cluster_id(observed: &Observed, plan: &Plan) -> Option<String> {
    let known = match &plan.identity {
        Identity::Known(id) | Identity::DataLost(id) => Some(id),
        Identity::Unknown | Identity::Conflict(_) => observed.recorded.as_ref(),
    };
    known.map(|id| id.0.clone())
}

/// The members, in the order of their numbers.
fn members(seen: &ClusterSeen, name: &str) -> Vec<MemberStatus> {
    let mut members: Vec<MemberStatus> = seen.members.iter().map(|member| MemberStatus::of(member, name)).collect();
    members.sort_unstable_by_key(|member| member.id);
    members
}

/// Pods that there are.
fn pods(observed: &Observed) -> u32 {
    observed.slots.values().filter(|slot| slot.pod.is_some()).count() as u32
}

/// Selects the pods.
fn selector(name: &str) -> String {
    format!("{}={name}", labels::CLUSTER)
}

/// Voters that see the leader, of all voters.
fn quorum(seen: &ClusterSeen, observed: &Observed) -> String {
    let sees_leader = |voter: &&MemberSeen| {
        matches!(observed.answer(voter.ordinal),
            Answer::Member { member, sees_leader: true, .. } if *member == voter.id)
    };
    format!("{}/{}", seen.voters().filter(sees_leader).count(), seen.voters().count())
}
