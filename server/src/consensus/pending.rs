//! Calls that wait for their proposal to be applied.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::Span;

use super::{ProposeError, fairness::Permit};
use crate::{
    ids::{LogIndex, MemberId, ProposalId},
    state::Reply,
};

/// A call that waits for its proposal.
pub(super) struct Call {
    /// Where the outcome goes.
    pub(super) reply: oneshot::Sender<Result<Reply, ProposeError>>,
    /// The bytes it holds until then.
    pub(super) permit: Option<Permit>,
    /// What its log lines are within: the request that it serves.
    pub(super) span: Span,
}

impl Call {
    /// A call of whoever runs now.
    pub(super) fn new(reply: oneshot::Sender<Result<Reply, ProposeError>>, permit: Option<Permit>) -> Self {
        Self { reply, permit, span: Span::current() }
    }

    /// Ends the call, unless the caller has gone.
    pub(super) fn end(self, outcome: Result<Reply, ProposeError>) {
        drop(self.permit);
        self.reply.send(outcome).ok();
    }
}

/// The calls of this member, by the id in their log entries and by the index at which their leader put them.
#[derive(Default)]
pub(super) struct Pending {
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    by_id: HashMap<ProposalId, Call>,
    by_index: BTreeMap<LogIndex, ProposalId>,
}

impl Pending {
    /// A call begins to wait for the entry at `index`. Another one that waited for that index was overwritten with the
    /// entry of the call: it is of a lost leadership, and will never be applied.
    pub(super) fn insert(&self, id: ProposalId, index: LogIndex, call: Call) {
        let mut calls = self.calls.lock();
        let overwritten = calls.by_index.insert(index, id).and_then(|other| calls.by_id.remove(&other));
        calls.by_id.insert(id, call);
        drop(calls);
        if let Some(call) = overwritten {
            call.end(Err(ProposeError::NotLeader { leader: None }));
        }
    }

    /// Takes the call of the entry that was applied at `index`, if it waits here. A call that waited for the index with
    /// another id was definitely not applied: it ends as such. Returns the call, and how many others ended.
    pub(super) fn take(
        &self,
        index: LogIndex,
        id: Option<ProposalId>,
        leader: Option<MemberId>,
    ) -> (Option<Call>, u64) {
        let mut calls = self.calls.lock();
        let Some(expected) = calls.by_index.remove(&index) else { return (None, 0) };
        let call = calls.by_id.remove(&expected);
        drop(calls);
        match call {
            Some(call) if id != Some(expected) => {
                call.end(Err(ProposeError::NotLeader { leader }));
                (None, 1)
            }
            call => (call, 0),
        }
    }

    /// Ends all calls; returns how many.
    pub(super) fn fail_all(&self, error: &ProposeError) -> u64 {
        let calls = std::mem::take(&mut *self.calls.lock());
        let count = calls.by_id.len() as u64;
        calls.by_id.into_values().for_each(|call| call.end(Err(error.clone())));
        count
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.calls.lock().by_id.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(pending: &Pending, id: u8, index: u64) -> oneshot::Receiver<Result<Reply, ProposeError>> {
        let (reply, outcome) = oneshot::channel();
        pending.insert(ProposalId([id; 16]), LogIndex(index), Call::new(reply, None));
        outcome
    }

    #[test]
    fn a_call_whose_index_went_to_another_entry_was_definitely_not_applied() {
        let pending = Pending::default();
        let mut outcome = wait(&pending, 1, 7);
        let (call, ended) = pending.take(LogIndex(7), Some(ProposalId([2; 16])), Some(MemberId(3)));
        assert!(call.is_none());
        assert_eq!(ended, 1);
        assert!(matches!(outcome.try_recv(), Ok(Err(ProposeError::NotLeader { leader: Some(MemberId(3)) }))));
    }

    #[test]
    fn a_call_ends_with_its_own_entry_alone() {
        let pending = Pending::default();
        let mut outcome = wait(&pending, 1, 7);
        assert!(pending.take(LogIndex(6), Some(ProposalId([1; 16])), None).0.is_none());
        let (call, _) = pending.take(LogIndex(7), Some(ProposalId([1; 16])), None);
        call.unwrap().end(Ok(Reply::Done));
        assert!(matches!(outcome.try_recv(), Ok(Ok(Reply::Done))));
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn a_call_whose_index_is_proposed_anew_was_definitely_not_applied() {
        let pending = Pending::default();
        let mut first = wait(&pending, 1, 7);
        let mut second = wait(&pending, 2, 7);
        assert!(matches!(first.try_recv(), Ok(Err(ProposeError::NotLeader { leader: None }))));
        assert!(second.try_recv().is_err());
    }
}
