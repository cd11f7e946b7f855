//! How many pods must stay Ready: the lock that the operator shares with `kubectl drain`.

use k8s_openapi::{
    api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};

use super::{Subject, names};

/// A budget that asks for so many.
///
/// `IfHealthyBudget` lets a pod that is not Ready be evicted only while enough others are: one that is not Ready may still
/// be the voter that a quorum needs.
pub(super) fn budget(subject: Subject<'_>, min_available: u32) -> PodDisruptionBudget {
    let spec = PodDisruptionBudgetSpec {
        min_available: Some(IntOrString::Int(i32::try_from(min_available).unwrap_or(i32::MAX))),
        selector: Some(subject.selector()),
        unhealthy_pod_eviction_policy: Some("IfHealthyBudget".to_owned()),
        ..PodDisruptionBudgetSpec::default()
    };
    PodDisruptionBudget { metadata: subject.metadata(names::main(subject.name)), spec: Some(spec), status: None }
}
