//! Something that happened to a cluster: a step that was carried out, or a condition that changed.

use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::Condition};

use super::Reason;
use crate::{
    plan::{Action, Step},
    status::ConditionKind,
};

/// The action of what was not done but seen.
const OBSERVE: &str = "observe";

/// Something that happened to a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// Why it is told.
    pub reason: Reason,
    /// What happened, for people.
    pub note: String,
    /// What was done, for machines: a verb of [`Action::verb`], or `observe`.
    pub action: &'static str,
    /// The pod that it was done to.
    pub pod: Option<ObjectReference>,
}

impl Happening {
    /// That a step was carried out.
    pub fn of_step(step: &Step, namespace: &str) -> Self {
        let pod = match &step.action {
            Action::Evict { pod, .. } | Action::DeletePod { pod, .. } => Some(ObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Pod".to_owned()),
                namespace: Some(namespace.to_owned()),
                name: Some(step.target.clone()),
                uid: Some(pod.0.clone()),
                ..ObjectReference::default()
            }),
            _ => None,
        };
        Self { reason: of_action(&step.action), note: step.to_string(), action: step.action.verb(), pod }
    }

    /// What the change from one set of conditions to the next tells. That something is not known is no event; nor is it
    /// one that what never was is not yet.
    pub fn of_conditions(before: &[Condition], after: &[Condition]) -> Vec<Self> {
        let told = |after: &Condition| {
            let before = before.iter().find(|before| before.type_ == after.type_);
            let reason = of_change(before, after)?;
            Some(Self { reason, note: format!("{}: {}", after.reason, after.message), action: OBSERVE, pod: None })
        };
        after.iter().filter_map(told).collect()
    }
}

const fn of_action(action: &Action) -> Reason {
    match action {
        Action::Apply { .. } => Reason::ObjectApplied,
        Action::ApplySet { .. } => Reason::StatefulSetApplied,
        Action::ReleasePlaces { .. } => Reason::PlacesReleased,
        Action::SetBudget { .. } => Reason::BudgetApplied,
        Action::ReleaseBudget { .. } => Reason::BudgetReleased,
        Action::AnnotateClaim { .. } => Reason::ClaimAnnotated,
        Action::ReleaseClaim { .. } => Reason::ClaimReleased,
        Action::DeleteClaim { .. } => Reason::ClaimDeleted,
        Action::Bootstrap { .. } => Reason::ClusterFounded,
        Action::Allocate { .. } => Reason::MemberAllocated,
        Action::Join { .. } => Reason::MemberJoined,
        Action::ChangeMembers { .. } => Reason::MembersChanged,
        Action::TransferLeadership { .. } => Reason::LeadershipTransferred,
        Action::Evict { .. } => Reason::PodEvicted,
        Action::DeletePod { .. } => Reason::PodDeleted,
    }
}

/// Why the change of one condition is told, if it is. `Reconciling` is told by its steps.
fn of_change(before: Option<&Condition>, after: &Condition) -> Option<Reason> {
    let kind = ConditionKind::ALL.into_iter().find(|known| known.as_str() == after.type_)?;
    let was = before.map(|before| before.status.as_str());
    let is_same_reason = before.is_some_and(|before| before.reason == after.reason);
    match (kind, was, after.status.as_str()) {
        // What is lacking has become something else.
        (ConditionKind::Degraded, Some("True"), "True") if !is_same_reason => Some(Reason::Degraded),
        (_, Some(was), is) if was == is => None,
        (ConditionKind::Ready, _, "True") => Some(Reason::Ready),
        (ConditionKind::Stalled, _, "True") => Some(Reason::Stalled),
        (ConditionKind::Stalled, Some("True"), "False") => Some(Reason::Resumed),
        (ConditionKind::Quorate, _, "True") => Some(Reason::QuorumReached),
        (ConditionKind::Quorate, Some("True"), _) => Some(Reason::QuorumLost),
        // A cluster that is not founded has no rounds, and none at risk.
        (ConditionKind::DataReady, _, "True") if before.is_some_and(tells_of_rounds_at_risk) => {
            Some(Reason::RoundsHeld)
        }
        (ConditionKind::DataReady, _, "False") if tells_of_rounds_at_risk(after) => Some(Reason::RoundsAtRisk),
        (ConditionKind::Degraded, _, "True") => Some(Reason::Degraded),
        (ConditionKind::Degraded, Some("True"), "False") => Some(Reason::Restored),
        _ => None,
    }
}

fn tells_of_rounds_at_risk(condition: &Condition) -> bool {
    condition.reason == Reason::RoundsAtRisk.as_str()
}
