//! Which cluster may replace its pods now, if it is the operator that wants them replaced.
//!
//! A new release of the operator may render other pods for every cluster, and a bad one must not reach them all. A
//! change is the operator's if the resource has the generation with which this process first saw it: then nobody has
//! asked for anything since the process began. Clusters that replace pods for that reason do so one after another, and
//! the next begins when the last has all its pods Ready. Whose resource is changed meanwhile goes its own way.
//!
//! No clock and no mark on an object tell this. A process that starts again sees what is half done, and lets that go
//! first; so a release that crashes again and again takes no second cluster with it. What people had begun before the
//! process started counts as the operator's, too, which costs them patience and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use crate::{
    desired::Desired,
    observed::{Observed, PodSeen},
};

/// How far the replacement of a cluster's pods is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No pod is of an older template, and all are Ready.
    Rests,
    /// No pod is of an older template any more, and not all are Ready.
    Ends,
    /// All pods are of an older template.
    Waits,
    /// Some pods are of an older template.
    Begun,
}

impl Stage {
    /// What a look shows.
    pub(super) fn of(desired: &Desired, observed: &Observed) -> Self {
        let Some(set) = &observed.set else { return Self::Ends };
        let pods = || observed.slots.values().filter_map(|slot| slot.pod.as_ref());
        let is_old = |pod: &&PodSeen| pod.revision != set.revision;
        match (pods().filter(is_old).count(), pods().count()) {
            (0, _) => {
                let is_ready = |ordinal| observed.pod(ordinal).is_some_and(PodSeen::is_ready);
                if desired.ordinals().all(is_ready) { Self::Rests } else { Self::Ends }
            }
            // A pod that is missing has just left.
            (old, all) if old == all && all >= desired.replicas as usize => Self::Waits,
            _ => Self::Begun,
        }
    }

    fn rolls(self) -> bool {
        matches!(self, Self::Waits | Self::Begun)
    }
}

/// Passes in a row that may fail before a cluster gives up its turn. Whoever cannot be looked at does not replace pods
/// either, so that nothing is learnt by waiting for it; a moment without an API server is nothing to give up for.
const FAILURES: u32 = 5;

/// A cluster as its last pass saw it.
#[derive(Debug)]
struct Heard {
    /// The resource's generation when this process saw it first.
    first: i64,
    stage: Stage,
    /// Passes that have failed since.
    failures: u32,
}

#[derive(Debug, Default)]
struct State {
    /// Clusters that were there when the process began, and of which no pass has told yet.
    unheard: BTreeSet<String>,
    heard: BTreeMap<String, Heard>,
    /// Whose turn it is.
    turn: Option<String>,
}

/// Whose turn it is. Clusters are named `namespace/name`.
#[derive(Debug, Default)]
pub(super) struct Rollouts(Mutex<State>);

impl Rollouts {
    /// These clusters are there as the process begins: before each of them was looked at, nobody begins.
    pub(super) fn expect(&self, clusters: impl IntoIterator<Item = String>) {
        self.0.lock().unheard.extend(clusters);
    }

    /// A pass saw this of a cluster. The answer is the other cluster that it must wait for.
    pub(super) fn elsewhere(&self, cluster: &str, generation: i64, stage: Stage) -> Option<String> {
        let mut state = self.0.lock();
        state.unheard.remove(cluster);
        let heard = state.heard.entry(cluster.to_owned()).or_insert(Heard { first: generation, stage, failures: 0 });
        heard.failures = 0;
        // What people ask for is theirs, and it rests as far as the operator is concerned.
        heard.stage = if heard.first == generation { stage } else { Stage::Rests };
        let stage = heard.stage;
        state.end_turn();
        if !stage.rolls() {
            return None;
        }
        if state.turn.is_none() {
            if let Some(unheard) = state.unheard.first() {
                return Some(unheard.clone());
            }
            let begun = |heard: &Heard| heard.stage == Stage::Begun && heard.failures < FAILURES;
            let begun = state.heard.iter().find(|(_, heard)| begun(heard));
            state.turn = Some(begun.map_or(cluster, |(begun, _)| begun).to_owned());
        }
        state.turn.clone().filter(|turn| turn != cluster)
    }

    /// A cluster cannot be judged: it holds nobody up before it begins, and not for ever after that.
    pub(super) fn unclear(&self, cluster: &str) {
        let mut state = self.0.lock();
        state.unheard.remove(cluster);
        if let Some(heard) = state.heard.get_mut(cluster) {
            heard.failures += 1;
        }
        state.end_turn();
    }

    /// A cluster is gone.
    pub(super) fn forget(&self, cluster: &str) {
        let mut state = self.0.lock();
        state.unheard.remove(cluster);
        state.heard.remove(cluster);
        state.end_turn();
    }
}

impl State {
    fn end_turn(&mut self) {
        let goes_on = |turn: &String| {
            self.heard.get(turn).is_some_and(|heard| heard.stage != Stage::Rests && heard.failures < FAILURES)
        };
        self.turn = self.turn.take().filter(goes_on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Demo;

    fn started(clusters: &[&str]) -> Rollouts {
        let rollouts = Rollouts::default();
        rollouts.expect(clusters.iter().map(|cluster| (*cluster).to_owned()));
        rollouts
    }

    #[test]
    fn nobody_begins_before_every_cluster_was_looked_at() {
        let rollouts = started(&["n/a", "n/b"]);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Waits), Some("n/b".to_owned()));
        assert_eq!(rollouts.elsewhere("n/b", 1, Stage::Rests), None);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Waits), None);
    }

    #[test]
    fn one_follows_another_once_that_is_ready() {
        let rollouts = started(&["n/a", "n/b"]);
        rollouts.elsewhere("n/b", 1, Stage::Waits);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Waits), None);
        assert_eq!(rollouts.elsewhere("n/b", 1, Stage::Waits), Some("n/a".to_owned()));
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Begun), None);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Ends), None);
        assert_eq!(rollouts.elsewhere("n/b", 1, Stage::Waits), Some("n/a".to_owned()), "not all its pods are Ready");
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Rests), None);
        assert_eq!(rollouts.elsewhere("n/b", 1, Stage::Waits), None);
    }

    #[test]
    fn what_is_half_done_when_the_process_begins_goes_first() {
        let rollouts = started(&["n/a", "n/b"]);
        rollouts.elsewhere("n/b", 1, Stage::Begun);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Waits), Some("n/b".to_owned()));
        assert_eq!(rollouts.elsewhere("n/b", 1, Stage::Begun), None);
    }

    #[test]
    fn whose_resource_is_changed_goes_its_own_way() {
        let rollouts = started(&["n/a", "n/b", "n/c"]);
        for cluster in ["n/b", "n/c"] {
            rollouts.elsewhere(cluster, 1, Stage::Waits);
        }
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Begun), None);
        assert_eq!(rollouts.elsewhere("n/b", 2, Stage::Waits), None, "its people asked for it");
        assert_eq!(rollouts.elsewhere("n/a", 2, Stage::Begun), None, "a repair of the one that is stuck");
        assert_eq!(rollouts.elsewhere("n/c", 1, Stage::Waits), None, "the stuck one holds nobody up any more");
    }

    #[test]
    fn a_cluster_that_is_gone_or_unclear_holds_nobody_up() {
        let rollouts = started(&["n/a", "n/b", "n/c"]);
        rollouts.unclear("n/b");
        rollouts.elsewhere("n/c", 1, Stage::Waits);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Waits), None);
        assert_eq!(rollouts.elsewhere("n/c", 1, Stage::Waits), Some("n/a".to_owned()));
        rollouts.forget("n/a");
        assert_eq!(rollouts.elsewhere("n/c", 1, Stage::Waits), None);
    }

    #[test]
    fn a_cluster_that_cannot_be_looked_at_gives_up_its_turn_after_some_passes() {
        let rollouts = started(&["n/a", "n/b"]);
        rollouts.elsewhere("n/b", 1, Stage::Waits);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Begun), None);
        for _ in 1..FAILURES {
            rollouts.unclear("n/a");
        }
        assert_eq!(rollouts.elsewhere("n/b", 1, Stage::Waits), Some("n/a".to_owned()), "it may answer again");
        rollouts.unclear("n/a");
        assert_eq!(rollouts.elsewhere("n/b", 1, Stage::Begun), None);
        assert_eq!(rollouts.elsewhere("n/a", 1, Stage::Begun), Some("n/b".to_owned()), "then it waits like others");
    }

    #[test]
    fn pods_tell_the_stage() {
        let mut demo = Demo::settled(3);
        assert_eq!(Stage::of(&demo.desired, &demo.observed), Stage::Rests);
        demo.pod(1).ready = false;
        assert_eq!(Stage::of(&demo.desired, &demo.observed), Stage::Ends);
        demo.outdate([1]);
        assert_eq!(Stage::of(&demo.desired, &demo.observed), Stage::Begun);
        demo.outdate([0, 2]);
        assert_eq!(Stage::of(&demo.desired, &demo.observed), Stage::Waits);
        demo.slot(2).pod = None;
        assert_eq!(Stage::of(&demo.desired, &demo.observed), Stage::Begun, "one has just left");
    }
}
