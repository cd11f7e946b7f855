//! Calls that wait for their proposal to be applied.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{ProposeError, fairness::Permit};
use crate::{ids::ProposalId, state::Reply};

/// A call that waits for its proposal.
pub(super) struct Call {
    /// Where the outcome goes.
    pub(super) reply: oneshot::Sender<Result<Reply, ProposeError>>,
    /// The bytes it holds until then.
    pub(super) permit: Option<Permit>,
}

impl Call {
    /// Ends the call, unless the caller has gone.
    pub(super) fn end(self, outcome: Result<Reply, ProposeError>) {
        drop(self.permit);
        self.reply.send(outcome).ok();
    }
}

/// The calls of this member, by the id in their log entries.
#[derive(Default)]
pub(super) struct Pending {
    calls: Mutex<HashMap<ProposalId, Call>>,
}

impl Pending {
    /// A call begins to wait.
    pub(super) fn insert(&self, id: ProposalId, call: Call) {
        self.calls.lock().insert(id, call);
    }

    /// The call of an entry that was applied, if it waits here.
    pub(super) fn take(&self, id: ProposalId) -> Option<Call> {
        self.calls.lock().remove(&id)
    }

    /// Ends all calls; returns how many.
    pub(super) fn fail_all(&self, error: &ProposeError) -> u64 {
        let calls = std::mem::take(&mut *self.calls.lock());
        let count = calls.len() as u64;
        calls.into_values().for_each(|call| call.end(Err(error.clone())));
        count
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.calls.lock().len()
    }
}
