//! Reads that wait for an index. Raft drops a read index silently, above all before the leader has committed an entry
//! of its own term, so it is asked for again until it answers.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::ProposeError;
use crate::ids::LogIndex;

/// A call that waits for an index.
pub(super) type ReadCall = oneshot::Sender<Result<LogIndex, ProposeError>>;

/// Calls that began before the same request, and share its answer.
struct Group {
    context: Vec<u8>,
    calls: Vec<ReadCall>,
    asked: Instant,
    deadline: Instant,
}

/// The reads of this member.
pub(super) struct Reads {
    /// Begins each context, so that members' requests differ at the leader.
    prefix: [u8; 8],
    count: u64,
    waiting: Vec<ReadCall>,
    groups: VecDeque<Group>,
    retry: Duration,
    timeout: Duration,
}

impl Reads {
    /// Reads that are asked for again every `retry`, and given up after `timeout`.
    pub(super) fn new(prefix: [u8; 8], retry: Duration, timeout: Duration) -> Self {
        Self { prefix, count: 0, waiting: Vec::new(), groups: VecDeque::new(), retry, timeout }
    }

    /// A call begins.
    pub(super) fn add(&mut self, call: ReadCall) {
        self.waiting.push(call);
    }

    /// The contexts to ask raft for now: one for all calls that began since, and those without an answer.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut due = Vec::new();
        for group in self.groups.iter_mut().filter(|group| now >= group.asked + self.retry) {
            group.asked = now;
            due.push(group.context.clone());
        }
        if !self.waiting.is_empty() {
            self.count += 1;
            let context = [self.prefix, self.count.to_be_bytes()].concat();
            due.push(context.clone());
            let calls = std::mem::take(&mut self.waiting);
            self.groups.push_back(Group { context, calls, asked: now, deadline: now + self.timeout });
        }
        due
    }

    /// Raft answered.
    pub(super) fn answer(&mut self, context: &[u8], index: LogIndex) {
        if let Some(position) = self.groups.iter().position(|group| group.context == context)
            && let Some(group) = self.groups.remove(position)
        {
            group.calls.into_iter().for_each(|call| drop(call.send(Ok(index))));
        }
    }

    /// Gives up what has waited too long.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(group) = self.groups.pop_front_if(|group| group.deadline <= now) {
            group.calls.into_iter().for_each(|call| drop(call.send(Err(ProposeError::NoLeader))));
        }
    }

    /// Ends all calls.
    pub(super) fn fail_all(&mut self, error: &ProposeError) {
        let groups = std::mem::take(&mut self.groups);
        let calls = groups.into_iter().flat_map(|group| group.calls).chain(std::mem::take(&mut self.waiting));
        calls.for_each(|call| drop(call.send(Err(error.clone()))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Duration = Duration::from_millis(200);
    const TIMEOUT: Duration = Duration::from_secs(5);

    #[test]
    fn calls_that_began_before_the_same_request_share_its_answer() {
        let mut reads = Reads::new([1; 8], RETRY, TIMEOUT);
        let now = Instant::now();
        let (first, mut first_answer) = oneshot::channel();
        let (second, mut second_answer) = oneshot::channel();
        reads.add(first);
        reads.add(second);
        let due = reads.due(now);
        assert_eq!(due.len(), 1);
        let (late, mut late_answer) = oneshot::channel();
        reads.add(late);
        reads.answer(&due[0], LogIndex(5));
        assert!(matches!(first_answer.try_recv(), Ok(Ok(LogIndex(5)))));
        assert!(matches!(second_answer.try_recv(), Ok(Ok(LogIndex(5)))));
        assert!(late_answer.try_recv().is_err(), "it began after the request");
    }

    #[test]
    fn an_unanswered_request_is_repeated_and_then_given_up() {
        let mut reads = Reads::new([1; 8], RETRY, TIMEOUT);
        let now = Instant::now();
        let (call, mut answer) = oneshot::channel();
        reads.add(call);
        let due = reads.due(now);
        assert!(reads.due(now).is_empty());
        assert_eq!(reads.due(now + RETRY), due);
        reads.expire(now + TIMEOUT);
        assert!(matches!(answer.try_recv(), Ok(Err(ProposeError::NoLeader))));
        assert!(reads.due(now + TIMEOUT).is_empty());
    }
}
