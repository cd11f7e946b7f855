//! Bytes of bulk commands that may be proposed and not yet applied, shared fairly: while they are scarce, publishers
//! take turns, whoever asked first or asks most.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::ids::{RoundUid, WorkerName};

/// Whose turn it is: one queue a publisher.
pub(super) type Publisher = (RoundUid, WorkerName);

/// A byte budget with a queue a publisher.
#[derive(Clone)]
pub(super) struct FairBytes {
    queues: Arc<Mutex<Queues>>,
    capacity: usize,
}

struct Queues {
    available: usize,
    waiting: BTreeMap<Publisher, VecDeque<Waiter>>,
    /// Publishers that wait, in the order of their turns.
    turns: VecDeque<Publisher>,
}

struct Waiter {
    bytes: usize,
    grant: oneshot::Sender<Permit>,
}

/// Bytes in use; given back when dropped.
pub(super) struct Permit {
    bytes: usize,
    queues: Arc<Mutex<Queues>>,
}

impl FairBytes {
    /// A budget of `capacity` bytes.
    pub(super) fn new(capacity: usize) -> Self {
        let queues = Queues { available: capacity, waiting: BTreeMap::new(), turns: VecDeque::new() };
        Self { queues: Arc::new(Mutex::new(queues)), capacity }
    }

    /// Waits for `bytes`, or for the whole budget if they are more.
    pub(super) async fn acquire(&self, publisher: Publisher, bytes: usize) -> Permit {
        let (grant, granted) = oneshot::channel();
        {
            let mut queues = self.queues.lock();
            let queue = queues.waiting.entry(publisher.clone()).or_default();
            queue.push_back(Waiter { bytes: bytes.min(self.capacity), grant });
            if queue.len() == 1 {
                queues.turns.push_back(publisher);
            }
            queues.grant(&self.queues);
        }
        granted.await.expect("a waiter is dropped only once it was granted its bytes")
    }
}

impl Queues {
    /// Grants bytes in turn, as long as the next waiter's bytes are there.
    fn grant(&mut self, owner: &Arc<Mutex<Self>>) {
        while let Some(publisher) = self.turns.pop_front() {
            let Some(queue) = self.waiting.get_mut(&publisher) else { continue };
            let Some(waiter) = queue.pop_front_if(|waiter| waiter.bytes <= self.available) else {
                self.turns.push_front(publisher);
                return;
            };
            if queue.is_empty() {
                self.waiting.remove(&publisher);
            } else {
                self.turns.push_back(publisher);
            }
            self.available -= waiter.bytes;
            let permit = Permit { bytes: waiter.bytes, queues: Arc::clone(owner) };
            if let Err(mut unwanted) = waiter.grant.send(permit) {
                // Its caller has gone; dropping the permit with its bytes would lock these queues again.
                self.available += std::mem::take(&mut unwanted.bytes);
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.bytes > 0 {
            let mut queues = self.queues.lock();
            queues.available += self.bytes;
            queues.grant(&self.queues);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::BoxFuture};

    use super::*;

    fn publisher(name: &str) -> Publisher {
        (RoundUid([0; 16]), name.parse().unwrap())
    }

    fn ask<'a>(budget: &'a FairBytes, name: &str, bytes: usize) -> BoxFuture<'a, Permit> {
        let mut asked = budget.acquire(publisher(name), bytes).boxed();
        assert!((&mut asked).now_or_never().is_none(), "{name} must wait");
        asked
    }

    #[test]
    fn publishers_take_turns_while_bytes_are_scarce() {
        let budget = FairBytes::new(10);
        let held = budget.acquire(publisher("held"), 10).now_or_never().unwrap();
        let mut greedy: Vec<_> = (0..3).map(|_| ask(&budget, "greedy", 10)).collect();
        let mut modest = ask(&budget, "modest", 10);
        drop(held);
        let first = greedy.remove(0).now_or_never().unwrap();
        assert!((&mut modest).now_or_never().is_none());
        drop(first);
        let second = modest.now_or_never().expect("it is the modest publisher's turn");
        assert!((&mut greedy[0]).now_or_never().is_none());
        drop(second);
        assert!((&mut greedy[0]).now_or_never().is_some());
    }

    #[test]
    fn bytes_of_a_caller_that_went_away_are_not_lost() {
        let budget = FairBytes::new(10);
        let held = budget.acquire(publisher("a"), 10).now_or_never().unwrap();
        drop(ask(&budget, "b", 10));
        drop(held);
        assert!(budget.acquire(publisher("c"), 10).now_or_never().is_some());
    }

    #[test]
    fn a_command_beyond_the_budget_takes_all_of_it() {
        let budget = FairBytes::new(10);
        let held = budget.acquire(publisher("a"), 1000).now_or_never().unwrap();
        let waits = ask(&budget, "b", 1);
        drop(held);
        assert!(waits.now_or_never().is_some());
    }
}
