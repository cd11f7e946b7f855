//! Why a command did not do what was asked, as its user is told.

use std::io;

use silhouette_client::Error;

use crate::{exit::Exit, input::InputError, value_type::ValueError};

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The library or a server says no.
    #[error(transparent)]
    Call(#[from] Error),
    /// The arguments contradict each other or the output format.
    #[error("{0}")]
    Usage(String),
    /// What was to be read is not there or is malformed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// What a dry run has found to be impossible.
    #[error("it would be refused: {0}")]
    WouldBeRefused(String),
    /// A value that was looked up is not what it was said to be.
    #[error("key {place}: {error}; see --value-type")]
    Value {
        /// Place of its key among those that were asked for, from 1.
        place: usize,
        /// What is wrong.
        error: ValueError,
    },
    /// Whoever reads our output has gone, or there is no room for it.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// A document cannot be written.
    #[error("cannot write the output: {0}")]
    Document(String),
    /// The question was answered with no.
    #[error("not confirmed; nothing was changed")]
    NotConfirmed,
    /// There is nobody to ask.
    #[error("{0} needs confirmation and there is no terminal to ask on; repeat it with --yes")]
    NobodyToAsk(String),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// The code that the process ends with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Call(error) => Exit::of_reason(error.reason(), error.is_retryable()),
            // `| head` has seen enough; that is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::WouldBeRefused(_) | Self::Value { .. } | Self::Output(_) | Self::Document(_) | Self::NotConfirmed => {
                Exit::Refused
            }
            Self::Usage(_) | Self::Input(_) | Self::NobodyToAsk(_) => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// The sentence for people: what, then what to do, then the stable reason. `None` if there is nothing to say.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Self::Call(error) => {
                let message = error.to_string();
                let reason = error.reason();
                // A server's sentence may say itself what to do.
                let advice = advice(reason).filter(|_| !message.contains(';'));
                let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
                Some(format!("{message}{advice} [{reason}]"))
            }
            _ => Some(self.to_string()),
        }
    }
}

/// What to do about an error of this reason, where the error does not say so itself.
fn advice(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "UNREACHABLE" => "is a server running there? see --endpoints",
        "TIMED_OUT" => "repeat it, or allow longer with --timeout",
        "NO_LEADER" | "NOT_LEADER" | "STORAGE_FAILED" | "INCONSISTENT" => "see silhouettectl cluster status",
        "BUSY" | "STARTING" | "DRAINING" | "CHANGE_IN_FLIGHT" | "CONFIGURATION_CHANGED" | "OUTCOME_UNKNOWN" => {
            "repeat the command"
        }
        "UNINITIALISED" => "found a cluster with silhouettectl cluster create",
        "CLUSTER_FORMING" | "MEMBER_NOT_FOUND" | "WRONG_MEMBER" | "WRONG_INSTANCE" | "REMOVED" => {
            "see silhouettectl cluster members"
        }
        "NOT_CAUGHT_UP" => "wait for it, see silhouettectl cluster status",
        "ROUND_NOT_FOUND" | "ROUND_ID_RETIRED" | "ROUND_GONE" => "see silhouettectl round list",
        "ROUND_NOT_READY" => "wait for it with silhouettectl round wait",
        "ROUND_SPEC_DIFFERS" => "see silhouettectl round describe, or choose another id",
        "ROUND_CLOSED" | "ROUND_FAILED" | "WORKER_NOT_EXPECTED" => "see silhouettectl round describe",
        "DOWNLOADS_FORBIDDEN" => "use --mode pir",
        "FOREIGN" => "check --endpoints",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_ends_quietly() {
        let closed = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((closed.exit(), closed.sentence()), (Exit::Done, None));
        let full = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(full.exit(), Exit::Refused);
        assert!(full.sentence().is_some());
    }

    #[test]
    fn an_error_of_the_library_ends_with_its_reason() {
        let failure = Failure::from(Error::InvalidArgument("endpoint \"x\" is not host:port".to_owned()));
        assert_eq!(failure.exit(), Exit::Usage);
        assert_eq!(failure.sentence().as_deref(), Some("endpoint \"x\" is not host:port [INVALID_ARGUMENT]"));
        assert_eq!(Failure::from(Error::Randomness).exit(), Exit::Refused);
    }

    #[test]
    fn what_needs_a_terminal_says_what_to_do_without() {
        let failure = Failure::NobodyToAsk("removing member 3".to_owned());
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.sentence().is_some_and(|sentence| sentence.contains("--yes")));
        assert_eq!(Failure::NotConfirmed.exit(), Exit::Refused);
        assert_eq!(Failure::Interrupted.exit(), Exit::Interrupted);
    }
}
