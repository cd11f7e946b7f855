//! Why one attempt at one node failed, and what that means for the call. Pure.

use std::{error::Error as _, time::Duration};

use tonic::{Code, ConnectError, Status};

use crate::{Error, Refusal, refusal::TryAgain};

/// The end of an attempt that did not succeed.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// No connection: the node has not seen the call.
    NotSent(String),
    /// No answer: the node may have seen the call, and may have carried it out.
    Broken(String),
    /// The node said no.
    Refused(Refusal),
    /// Something that is no Silhouette server answered.
    Foreign {
        /// The gRPC code.
        code: Code,
        /// Its message.
        message: String,
    },
}

impl Failure {
    /// Reads what a call ended with.
    pub(crate) fn from_status(status: &Status) -> Self {
        if let Some(refusal) = Refusal::from_status(status) {
            return Self::Refused(refusal);
        }
        if is_connect_error(status) {
            return Self::NotSent(status.message().to_owned());
        }
        match status.code() {
            Code::Unavailable
            | Code::Unknown
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Aborted => Self::Broken(status.message().to_owned()),
            code => Self::Foreign { code, message: status.message().to_owned() },
        }
    }

    /// The node said nothing for so long.
    pub(crate) fn silent(after: Duration) -> Self {
        Self::Broken(format!("no answer within {}", humantime::format_duration(after)))
    }

    /// What may follow.
    pub(crate) fn try_again(&self) -> TryAgain {
        match self {
            Self::NotSent(_) | Self::Broken(_) => TryAgain::Repeat,
            Self::Refused(refusal) => refusal.try_again(),
            Self::Foreign { .. } => TryAgain::Elsewhere,
        }
    }

    /// Whether the call may have been carried out nevertheless.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Broken(_) => true,
            Self::Refused(refusal) => refusal.reason() == "OUTCOME_UNKNOWN",
            Self::NotSent(_) | Self::Foreign { .. } => false,
        }
    }

    /// The reason in a few words, for errors and logs.
    pub(crate) fn cause(&self) -> String {
        match self {
            Self::NotSent(cause) | Self::Broken(cause) => cause.clone(),
            Self::Refused(refusal) => refusal.message().to_owned(),
            Self::Foreign { message, .. } => message.clone(),
        }
    }
}

fn is_connect_error(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// What the attempts of one call have ended with.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    refused: Option<Refusal>,
    last: Option<Failure>,
    ambiguous: Option<String>,
}

impl Trail {
    pub(crate) fn add(&mut self, failure: Failure) {
        if failure.is_ambiguous() {
            self.ambiguous = Some(failure.cause());
        }
        if let Failure::Refused(refusal) = &failure {
            // What one node says of itself tells less of the call than what time may heal.
            let passes = |refusal: &Refusal| refusal.try_again() == TryAgain::Repeat;
            if passes(refusal) || !self.refused.as_ref().is_some_and(passes) {
                self.refused = Some(refusal.clone());
            }
        }
        self.last = Some(failure);
    }

    /// The call came further. A change whose answer was lost stays in doubt.
    pub(crate) fn progressed(&mut self) {
        self.refused = None;
        self.last = None;
    }

    /// The error of a call that ends here. `changes` tells whether it may have changed anything.
    pub(crate) fn conclude(self, what: &'static str, changes: bool, after: Duration, addresses: String) -> Error {
        if let (true, Some(cause)) = (changes, self.ambiguous) {
            return Error::OutcomeUnknown { what, cause, request: None };
        }
        match (self.refused, self.last) {
            // A node that answered knows more than one that cannot be reached.
            (Some(refusal), _) => Error::Refused(refusal),
            (None, Some(Failure::NotSent(cause))) => Error::Unreachable { addresses, cause, request: None },
            (None, Some(Failure::Foreign { code, message })) => {
                Error::Foreign { code: format!("{code:?}"), message, request: None }
            }
            (None, _) => Error::timed_out(what, after),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn refused(code: Code, reason: &str) -> Failure {
        let details = ErrorDetails::with_error_info(reason, "silhouette.dev", HashMap::new());
        Failure::from_status(&Status::with_error_details(code, "sentence", details))
    }

    fn conclude(failures: impl IntoIterator<Item = Failure>, changes: bool) -> Error {
        let mut trail = Trail::default();
        failures.into_iter().for_each(|failure| trail.add(failure));
        trail.conclude("the test", changes, Duration::from_secs(1), "a:1".to_owned())
    }

    #[test]
    fn a_lost_answer_to_a_change_leaves_its_outcome_unknown() {
        let broken = || Failure::from_status(&Status::unknown("broken pipe"));
        let not_sent = || Failure::NotSent("connection refused".to_owned());
        assert_eq!(conclude([broken(), not_sent()], true).reason(), "OUTCOME_UNKNOWN");
        assert_eq!(
            conclude([refused(Code::Unavailable, "OUTCOME_UNKNOWN"), not_sent()], true).reason(),
            "OUTCOME_UNKNOWN"
        );
        assert_eq!(conclude([broken()], false).reason(), "TIMED_OUT");
        assert_eq!(conclude([not_sent()], true).reason(), "UNREACHABLE");
    }

    #[test]
    fn what_a_server_said_counts_more_than_what_cannot_be_reached() {
        let failures = [refused(Code::Unavailable, "NO_LEADER"), Failure::NotSent("connection refused".to_owned())];
        assert_eq!(conclude(failures, true).reason(), "NO_LEADER");
    }

    #[test]
    fn a_node_without_a_cluster_hides_no_others_answer() {
        let failures = || [refused(Code::Unavailable, "NO_LEADER"), refused(Code::FailedPrecondition, "UNINITIALISED")];
        assert_eq!(conclude(failures(), true).reason(), "NO_LEADER");
        assert_eq!(conclude(failures().into_iter().rev(), true).reason(), "NO_LEADER");
        assert_eq!(conclude(failures().into_iter().skip(1), true).reason(), "UNINITIALISED");
    }

    #[test]
    fn statuses_are_sorted_by_what_may_follow() {
        let read = |status: Status| Failure::from_status(&status).try_again();
        assert_eq!(read(Status::unavailable("connection reset")), TryAgain::Repeat);
        assert_eq!(read(Status::internal("h2 protocol error")), TryAgain::Repeat);
        assert_eq!(read(Status::unimplemented("no such service")), TryAgain::Elsewhere);
        assert_eq!(refused(Code::FailedPrecondition, "ROUND_CLOSED").try_again(), TryAgain::Never);
        assert_eq!(refused(Code::Unavailable, "NO_LEADER").try_again(), TryAgain::Repeat);
    }

    #[test]
    fn a_connection_that_never_was_is_told_from_a_lost_answer() {
        let error = tonic::ConnectError("connection refused".into());
        assert!(matches!(Failure::from_status(&Status::from_error(Box::new(error))), Failure::NotSent(_)));
        assert!(Failure::from_status(&Status::unavailable("proxy")).is_ambiguous());
    }
}
