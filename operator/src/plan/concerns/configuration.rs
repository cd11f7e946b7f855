//! Child objects as the spec asks for them.

use super::{budget::raise_budget, size::wanted_size};
use crate::{
    observed::ClusterSeen,
    plan::{Action, Situation, Step},
};

/// Applies what is missing or differs.
pub(super) fn configure(situation: &Situation<'_>) -> Vec<Step> {
    let observed = situation.observed;
    let children = observed.outdated.iter().map(|child| {
        Step::new(Action::Apply { child: *child }, "it is missing or differs from what the spec asks for")
    });
    let mut steps: Vec<Step> = children.collect();
    let replicas = wanted_size(situation);
    match &observed.set {
        None => steps.push(Step::new(Action::ApplySet { replicas, seen: None }, "it is missing")),
        Some(set) if set.is_outdated => {
            // Another size is another concern's: a new template waits for nothing.
            let action = Action::ApplySet { replicas: set.replicas, seen: Some(set.version.clone()) };
            steps.push(Step::new(action, "it differs from what the spec asks for"));
        }
        Some(_) => {}
    }
    let voters = observed.cluster.as_ref().map_or(0, |cluster: &ClusterSeen| cluster.voters().count());
    steps.extend(raise_budget(situation, voters, || format!("{voters} vote")));
    steps
}
