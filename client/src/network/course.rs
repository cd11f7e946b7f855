//! Which node is asked next, and when to pause. Pure.

use std::time::Duration;

use super::{Address, backoff::Backoff};

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask this node.
    Ask(Address),
    /// Every node was asked; wait before the next pass.
    Pause(Duration),
    /// Every node was asked, and none can serve the call as it is.
    GiveUp,
}

/// The order in which one call visits nodes: each at most once a pass, those that a refusal named first.
#[derive(Debug)]
pub(crate) struct Course {
    backoff: Backoff,
    directed: Vec<Address>,
    asked: Vec<Address>,
    hopeful: bool,
    /// In this pass a node said that it belongs to no cluster.
    blank: bool,
    /// There is a cluster, whatever a node that lost its disk says.
    founded: bool,
    pauses: u32,
    at_least: Duration,
}

impl Course {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            directed: Vec::new(),
            asked: Vec::new(),
            hopeful: false,
            blank: false,
            founded: false,
            pauses: 0,
            at_least: Duration::ZERO,
        }
    }

    /// The next step, given the nodes that might be asked, best first.
    pub(crate) fn step(&mut self, candidates: Vec<Address>, jitter: f64) -> Step {
        let directed = std::mem::take(&mut self.directed);
        match directed.into_iter().chain(candidates).find(|address| !self.asked.contains(address)) {
            Some(address) => {
                self.asked.push(address.clone());
                Step::Ask(address)
            }
            None if !self.is_hopeful() => Step::GiveUp,
            None => {
                let pause = self.backoff.pause(self.pauses, jitter).max(self.at_least);
                self.asked.clear();
                self.hopeful = false;
                self.blank = false;
                self.pauses += 1;
                self.at_least = Duration::ZERO;
                Step::Pause(pause)
            }
        }
    }

    /// Asking again may help.
    pub(crate) fn hope(&mut self) {
        self.hopeful = true;
    }

    fn is_hopeful(&self) -> bool {
        self.hopeful || (self.blank && self.founded)
    }

    /// A node belongs to no cluster, or one that forwards calls to its leader found that one so. Where there is a
    /// cluster it has lost its disk: until the others have noticed, every node may answer so in its stead.
    pub(crate) fn blank(&mut self) {
        self.blank = true;
    }

    /// There is a cluster to wait for.
    pub(crate) fn founded(&mut self) {
        self.founded = true;
    }

    /// A refusal names nodes that can serve the call; they are asked next.
    pub(crate) fn direct(&mut self, addresses: impl IntoIterator<Item = Address>) {
        self.directed.extend(addresses);
    }

    /// A refusal asks for a pause before the next pass.
    pub(crate) fn pause_at_least(&mut self, pause: Duration) {
        self.at_least = self.at_least.max(pause);
    }

    /// The call got somewhere: start over, without having paused.
    pub(crate) fn restart(&mut self) {
        *self = Self { founded: self.founded, ..Self::new(self.backoff) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(names: &[&str]) -> Vec<Address> {
        names.iter().map(|name| format!("{name}:1").parse().expect("an address")).collect()
    }

    fn course() -> Course {
        Course::new(Backoff::new(Duration::from_millis(10), Duration::from_millis(40)))
    }

    fn ask(name: &str) -> Step {
        Step::Ask(addresses(&[name]).remove(0))
    }

    #[test]
    fn every_node_is_asked_once_before_a_pause_and_pauses_grow() {
        let mut course = course();
        for pause in [10, 20, 40, 40] {
            assert_eq!(course.step(addresses(&["a", "b"]), 1.0), ask("a"));
            course.hope();
            assert_eq!(course.step(addresses(&["a", "b"]), 1.0), ask("b"));
            assert_eq!(course.step(addresses(&["a", "b"]), 1.0), Step::Pause(Duration::from_millis(pause)));
        }
    }

    #[test]
    fn a_node_that_was_named_comes_first_and_a_circle_ends_in_a_pause() {
        let mut course = course();
        assert_eq!(course.step(addresses(&["a", "b", "c"]), 1.0), ask("a"));
        course.hope();
        course.direct(addresses(&["c"]));
        assert_eq!(course.step(addresses(&["a", "b", "c"]), 1.0), ask("c"));
        course.direct(addresses(&["a"]));
        assert_eq!(course.step(addresses(&["a", "b", "c"]), 1.0), ask("b"));
        course.direct(addresses(&["c", "a"]));
        assert!(matches!(course.step(addresses(&["a", "b", "c"]), 1.0), Step::Pause(_)));
    }

    #[test]
    fn it_ends_once_every_node_has_refused_for_reasons_of_its_own() {
        let mut course = course();
        assert_eq!(course.step(addresses(&["a"]), 1.0), ask("a"));
        assert_eq!(course.step(addresses(&["a"]), 1.0), Step::GiveUp);
    }

    #[test]
    fn nodes_without_a_cluster_are_given_up_unless_there_is_one() {
        let mut course = course();
        for name in ["a", "b"] {
            assert_eq!(course.step(addresses(&["a", "b"]), 1.0), ask(name));
            course.blank();
        }
        assert_eq!(course.step(addresses(&["a", "b"]), 1.0), Step::GiveUp);
        course.founded();
        assert_eq!(course.step(addresses(&["a", "b"]), 1.0), Step::Pause(Duration::from_millis(10)));
    }

    #[test]
    fn a_cluster_is_waited_for_however_often_all_its_nodes_say_that_there_is_none() {
        let mut course = course();
        course.founded();
        course.restart();
        for pause in [10, 20, 40] {
            assert_eq!(course.step(addresses(&["a"]), 1.0), ask("a"));
            course.blank();
            assert_eq!(course.step(addresses(&["a"]), 1.0), Step::Pause(Duration::from_millis(pause)));
        }
    }

    #[test]
    fn a_cluster_is_not_waited_for_when_all_its_nodes_refuse_for_other_reasons() {
        let mut course = course();
        course.founded();
        assert_eq!(course.step(addresses(&["a"]), 1.0), ask("a"));
        assert_eq!(course.step(addresses(&["a"]), 1.0), Step::GiveUp);
    }

    #[test]
    fn one_node_without_a_cluster_ends_nothing_while_another_may_answer() {
        let mut course = course();
        for _ in 0..3 {
            assert_eq!(course.step(addresses(&["a", "b"]), 1.0), ask("a"));
            course.blank();
            assert_eq!(course.step(addresses(&["a", "b"]), 1.0), ask("b"));
            course.hope();
            assert!(matches!(course.step(addresses(&["a", "b"]), 1.0), Step::Pause(_)));
        }
    }

    #[test]
    fn a_pause_is_as_long_as_a_server_asks() {
        let mut course = course();
        course.step(addresses(&["a"]), 1.0);
        course.hope();
        course.pause_at_least(Duration::from_secs(3));
        assert_eq!(course.step(addresses(&["a"]), 1.0), Step::Pause(Duration::from_secs(3)));
    }

    #[test]
    fn progress_starts_the_course_over() {
        let mut course = course();
        course.step(addresses(&["a"]), 1.0);
        course.restart();
        assert_eq!(course.step(addresses(&["a"]), 1.0), ask("a"));
    }
}
