//! Where pods may run: `spec.scheduling`, but for its affinity, which has no types.

use k8s_openapi::api::core::v1::{PodSpec, Toleration, TopologySpreadConstraint};

use super::super::Subject;
use crate::api::{self, TaintEffect, TolerationOperator, TopologySpread, WhenUnsatisfiable};

/// A pod that may run there.
pub(super) fn placement(subject: Subject<'_>) -> PodSpec {
    let scheduling = &subject.spec.scheduling;
    let tolerations: Vec<_> = scheduling.tolerations.iter().map(toleration).collect();
    let spread: Vec<_> = scheduling.topology.iter().map(|topology| constraint(subject, topology)).collect();
    PodSpec {
        node_selector: (!scheduling.node_selector.is_empty()).then(|| scheduling.node_selector.clone()),
        priority_class_name: scheduling.priority_class_name.clone(),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
        topology_spread_constraints: (!spread.is_empty()).then_some(spread),
        ..PodSpec::default()
    }
}

fn toleration(toleration: &api::Toleration) -> Toleration {
    let operator = match toleration.operator {
        TolerationOperator::Equal => "Equal",
        TolerationOperator::Exists => "Exists",
    };
    let effect = toleration.effect.map(|effect| match effect {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    });
    Toleration {
        key: toleration.key.clone(),
        operator: Some(operator.to_owned()),
        value: toleration.value.clone(),
        effect: effect.map(str::to_owned),
        toleration_seconds: toleration.toleration_seconds,
    }
}

/// Spreads the cluster's pods over places, as evenly as can be.
fn constraint(subject: Subject<'_>, topology: &TopologySpread) -> TopologySpreadConstraint {
    let when_unsatisfiable = match topology.when_unsatisfiable {
        WhenUnsatisfiable::ScheduleAnyway => "ScheduleAnyway",
        WhenUnsatisfiable::DoNotSchedule => "DoNotSchedule",
    };
    TopologySpreadConstraint {
        topology_key: topology.key.clone(),
        when_unsatisfiable: when_unsatisfiable.to_owned(),
        max_skew: 1,
        label_selector: Some(subject.selector()),
        ..TopologySpreadConstraint::default()
    }
}
