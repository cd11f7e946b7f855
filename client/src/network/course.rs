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
    pauses: u32,
    at_least: Duration,
}

impl Course {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self { backoff, directed: Vec::new(), asked: Vec::new(), hopeful: false, pauses: 0, at_least: Duration::ZERO }
    }

    /// The next step, given the nodes that might be asked, best first.
    pub(crate) fn step(&mut self, candidates: Vec<Address>, jitter: f64) -> Step {
        let directed = std::mem::take(&mut self.directed);
        match directed.into_iter().chain(candidates).find(|address| !self.asked.contains(address)) {
            Some(address) => {
                self.asked.push(address.clone());
                Step::Ask(address)
            }
            None if !self.hopeful => Step::GiveUp,
            None => {
                let pause = self.backoff.pause(self.pauses, jitter).max(self.at_least);
                self.asked.clear();
                self.hopeful = false;
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
        *self = Self::new(self.backoff);
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
