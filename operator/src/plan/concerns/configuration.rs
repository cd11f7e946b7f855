//! Child objects as the spec asks for them.

use super::size::wanted_size;
use crate::plan::{Action, Situation, Step};

/// Applies what is missing or differs.
pub(super) fn configure(situation: &Situation<'_>) -> Vec<Step> {
    let observed = situation.observed;
    let children = observed.outdated.iter().map(|child| {
        Step::new(Action::Apply { child: *child }, "it is missing or differs from what the spec asks for")
    });
    let mut steps: Vec<Step> = children.collect();
    match &observed.set {
        None => {
            let action = Action::ApplySet { replicas: wanted_size(situation), seen: None };
            steps.push(Step::new(action, "it is missing"));
        }
        Some(set) if set.is_outdated => {
            // Another size is another concern's: a new template waits for nothing.
            let action = Action::ApplySet { replicas: set.replicas, seen: Some(set.version.clone()) };
            steps.push(Step::new(action, "it differs from what the spec asks for"));
        }
        Some(_) => {}
    }
    steps
}
