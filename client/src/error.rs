//! What can go wrong in a call, as its caller sees it.

use std::{fmt, time::Duration};

use crate::{Refusal, RequestId};

/// Why a call did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A server refused; its reason says why.
    #[error("{0}")]
    Refused(Refusal),
    /// No node could be reached within the timeout.
    #[error("cannot reach any of {addresses}: {cause}{}", Named(*.request))]
    #[non_exhaustive]
    Unreachable {
        /// Every address that was tried, separated by commas.
        addresses: String,
        /// The last connection's error.
        cause: String,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// Nothing conclusive happened within the timeout.
    #[error("{what} did not finish within {}{}", humantime::format_duration(*.after), Named(*.request))]
    #[non_exhaustive]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        after: Duration,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// A change may or may not have been made. Repeating the same call is safe and settles it.
    #[error("the outcome of {what} is not known ({cause}); repeat the same call{}", Named(*.request))]
    #[non_exhaustive]
    OutcomeUnknown {
        /// What was asked.
        what: &'static str,
        /// Why no answer came.
        cause: String,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// Something answered that is no Silhouette server, such as a proxy.
    #[error("something that is no silhouette server answered {code}: {message}{}", Named(*.request))]
    #[non_exhaustive]
    Foreign {
        /// The gRPC code.
        code: String,
        /// Its message.
        message: String,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// A server's answer contradicts the protocol or what was learnt before, a digest above all.
    #[error("{object} is not what it must be: {problem}{}", Named(*.request))]
    #[non_exhaustive]
    Inconsistent {
        /// What is wrong.
        object: &'static str,
        /// In which way.
        problem: String,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// The round ended without an encoding.
    #[error("round {round} failed: {why}{}", Named(*.request))]
    #[non_exhaustive]
    RoundFailed {
        /// The round's id.
        round: String,
        /// The cluster's reason.
        why: String,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// The round was deleted or has expired.
    #[error("round {round} is gone{}", Named(*.request))]
    #[non_exhaustive]
    RoundGone {
        /// The round's id.
        round: String,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// The nodes are not in a state in which this can be done. Nothing was changed.
    #[error("{problem}{}", Named(*.request))]
    #[non_exhaustive]
    Precondition {
        /// A stable reason, where possible the one that a server would give.
        reason: &'static str,
        /// What stands in the way.
        problem: String,
        /// The call that failed, as servers log it.
        request: Option<RequestId>,
    },
    /// An argument can be seen to be wrong without asking a server.
    #[error("{0}")]
    InvalidArgument(String),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Randomness,
}

impl Error {
    /// A stable reason in upper snake case: the server's own, that of a [`Error::Precondition`], or one of
    /// `UNREACHABLE`, `TIMED_OUT`,
    /// `OUTCOME_UNKNOWN`, `FOREIGN`, `INCONSISTENT`, `ROUND_FAILED`, `ROUND_GONE`, `INVALID_ARGUMENT` and
    /// `NO_RANDOMNESS`.
    pub fn reason(&self) -> &str {
        match self {
            Self::Refused(refusal) => refusal.reason(),
            Self::Unreachable { .. } => "UNREACHABLE",
            Self::TimedOut { .. } => "TIMED_OUT",
            Self::OutcomeUnknown { .. } => "OUTCOME_UNKNOWN",
            Self::Foreign { .. } => "FOREIGN",
            Self::Inconsistent { .. } => "INCONSISTENT",
            Self::RoundFailed { .. } => "ROUND_FAILED",
            Self::RoundGone { .. } => "ROUND_GONE",
            Self::Precondition { reason, .. } => reason,
            Self::InvalidArgument(_) => "INVALID_ARGUMENT",
            Self::Randomness => "NO_RANDOMNESS",
        }
    }

    /// Whether the same call may succeed if it is simply repeated.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.try_again() == crate::refusal::TryAgain::Repeat,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::OutcomeUnknown { .. } => true,
            Self::Foreign { .. }
            | Self::Inconsistent { .. }
            | Self::RoundFailed { .. }
            | Self::RoundGone { .. }
            | Self::Precondition { .. }
            | Self::InvalidArgument(_)
            | Self::Randomness => false,
        }
    }

    /// The id of the call that failed, under which servers have logged what they did for it. `None` if none was asked.
    pub fn request_id(&self) -> Option<RequestId> {
        match self {
            Self::Refused(refusal) => refusal.request_id(),
            Self::Unreachable { request, .. }
            | Self::TimedOut { request, .. }
            | Self::OutcomeUnknown { request, .. }
            | Self::Foreign { request, .. }
            | Self::Inconsistent { request, .. }
            | Self::RoundFailed { request, .. }
            | Self::RoundGone { request, .. }
            | Self::Precondition { request, .. } => *request,
            Self::InvalidArgument(_) | Self::Randomness => None,
        }
    }

    pub(crate) fn precondition(reason: &'static str, problem: String) -> Self {
        Self::Precondition { reason, problem, request: None }
    }

    pub(crate) fn inconsistent(object: &'static str, problem: impl Into<String>) -> Self {
        Self::Inconsistent { object, problem: problem.into(), request: None }
    }

    pub(crate) fn timed_out(what: &'static str, after: Duration) -> Self {
        Self::TimedOut { what, after, request: None }
    }

    /// The same error of the call with this id, unless it names another.
    pub(crate) fn of_request(mut self, id: RequestId) -> Self {
        match &mut self {
            Self::Refused(refusal) => refusal.belong_to(id),
            Self::Unreachable { request, .. }
            | Self::TimedOut { request, .. }
            | Self::OutcomeUnknown { request, .. }
            | Self::Foreign { request, .. }
            | Self::Inconsistent { request, .. }
            | Self::RoundFailed { request, .. }
            | Self::RoundGone { request, .. }
            | Self::Precondition { request, .. } => *request = request.or(Some(id)),
            // Nobody was asked.
            Self::InvalidArgument(_) | Self::Randomness => {}
        }
        self
    }
}

/// Shows the id of a request after a sentence.
pub(crate) struct Named(pub(crate) Option<RequestId>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |id| write!(f, " (request {id})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_time_may_heal_is_worth_repeating() {
        let after = Duration::from_secs(30);
        let lost = Error::OutcomeUnknown { what: "sealing the round", cause: "broken pipe".to_owned(), request: None };
        let late = Error::timed_out("listing the rounds", after);
        let gone = Error::RoundGone { round: "r1".to_owned(), request: None };
        let unfit = Error::precondition("CHANGE_UNSAFE", "two voters would result".to_owned());
        assert!(lost.is_retryable() && late.is_retryable());
        assert!(!gone.is_retryable() && !unfit.is_retryable());
        assert_eq!((lost.reason(), unfit.reason()), ("OUTCOME_UNKNOWN", "CHANGE_UNSAFE"));
    }

    #[test]
    fn errors_say_what_happened_and_what_to_do() {
        let lost = Error::OutcomeUnknown { what: "sealing the round", cause: "broken pipe".to_owned(), request: None };
        assert_eq!(
            lost.to_string(),
            "the outcome of sealing the round is not known (broken pipe); repeat the same call"
        );
        let late = Error::timed_out("listing the rounds", Duration::from_secs(30));
        assert_eq!(late.to_string(), "listing the rounds did not finish within 30s");
    }
}
