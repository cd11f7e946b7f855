//! What the PodDisruptionBudget shows.

use k8s_openapi::{api::policy::v1::PodDisruptionBudget, apimachinery::pkg::util::intstr::IntOrString};
use kube::ResourceExt as _;

use super::{claims::is_released, sets::is_observed};
use crate::{ids::ResourceVersion, observed::BudgetSeen};

/// The budget. One that differs from what is asked for in more than its number protects nobody for sure.
pub(super) fn budget_seen(budget: &PodDisruptionBudget, is_outdated: bool) -> BudgetSeen {
    let status = budget.status.as_ref();
    BudgetSeen {
        version: ResourceVersion(budget.resource_version().unwrap_or_default()),
        min_available: if is_outdated { 0 } else { pods(budget) },
        released: is_released(budget.annotations()),
        is_observed: is_observed(budget.metadata.generation, status.and_then(|status| status.observed_generation)),
    }
}

/// Pods that must stay ready. A share of them is nothing that was asked for.
pub(super) fn pods(budget: &PodDisruptionBudget) -> u32 {
    match budget.spec.as_ref().and_then(|spec| spec.min_available.as_ref()) {
        Some(IntOrString::Int(pods)) => u32::try_from(*pods).unwrap_or_default(),
        Some(IntOrString::String(_)) | None => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn budget(min_available: &Value, observed: i64) -> PodDisruptionBudget {
        from_value(json!({
            "metadata": { "name": "demo", "resourceVersion": "51", "generation": 2 },
            "spec": { "minAvailable": min_available, "selector": {} },
            "status": {
                "observedGeneration": observed, "currentHealthy": 3, "desiredHealthy": 2, "disruptionsAllowed": 1,
                "expectedPods": 3,
            },
        }))
        .expect("a budget")
    }

    #[test]
    fn a_budget_is_in_force_once_its_controller_has_looked() {
        let seen = budget_seen(&budget(&json!(2), 2), false);
        assert_eq!((seen.version, seen.min_available), (ResourceVersion::from("51"), 2));
        assert!(seen.is_observed && !seen.released);
        assert!(!budget_seen(&budget(&json!(2), 1), false).is_observed);
    }

    #[test]
    fn a_budget_that_is_another_than_was_asked_for_protects_nobody() {
        assert_eq!(budget_seen(&budget(&json!(2), 2), true).min_available, 0);
        assert_eq!(budget_seen(&budget(&json!("50%"), 2), false).min_available, 0);
    }

    #[test]
    fn the_mark_that_it_is_released_is_seen() {
        let mut released = budget(&json!(2), 2);
        released.annotations_mut().insert("silhouette.dev/released".to_owned(), "true".to_owned());
        assert!(budget_seen(&released, false).released);
    }
}
