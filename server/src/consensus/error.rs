//! Why a proposal was not carried out, or is not known to be.

use std::time::Duration;

use crate::{
    ids::{LogIndex, MemberId},
    state::Rejection,
};

/// Why a proposal, a membership change or a read index failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProposeError {
    /// This member does not lead: nothing was proposed.
    #[error("this member does not lead the cluster")]
    NotLeader {
        /// Who does, if known.
        leader: Option<MemberId>,
    },
    /// Nobody leads, or leadership is being handed over: nothing was proposed.
    #[error("no leader is known")]
    NoLeader,
    /// Leadership was lost, or this member ended, while the proposal was pending: it may or may not be applied yet.
    /// Repeat it.
    #[error("leadership was lost before the outcome was known")]
    OutcomeUnknown {
        /// Who leads now, if known.
        leader: Option<MemberId>,
    },
    /// It was applied and changed nothing.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// This member's disk has failed and it has stopped serving: nothing was proposed.
    #[error("storage of this member failed")]
    StorageFailed,
    /// This member is stopping: nothing was proposed.
    #[error("this member is stopping")]
    Stopped,
    /// The membership is not the one that the caller saw.
    #[error("the configuration changed at index {index}")]
    ConfigurationChanged {
        /// Index of the last change.
        index: LogIndex,
    },
    /// Another membership change is not finished.
    #[error("another membership change is in flight since index {index}")]
    ChangeInFlight {
        /// Index of the last applied change.
        index: LogIndex,
    },
    /// The membership change would endanger the cluster.
    #[error("the membership change is unsafe: {why}")]
    ChangeUnsafe {
        /// A sentence.
        why: String,
    },
    /// A member that is to be replaced was heard of lately.
    #[error("member {member} was heard of {} ms ago", silence.as_millis())]
    MemberActive {
        /// Which one.
        member: MemberId,
        /// How long it was not heard of.
        silence: Duration,
    },
    /// A member lags too far behind, or does not answer, for what was asked of it.
    #[error("member {member} has not caught up")]
    NotCaughtUp {
        /// Which one.
        member: MemberId,
    },
    /// No such member, or not in the role that the change needs.
    #[error("member {member} not found")]
    MemberNotFound {
        /// Which one.
        member: MemberId,
    },
    /// Too much is proposed and not yet committed: nothing was proposed.
    #[error("too many proposals are pending")]
    Busy,
}
