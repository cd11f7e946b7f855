//! Why a call to a node failed.

use std::{error::Error as _, time::Duration};

use tonic::{Code, ConnectError, Status};
use tonic_types::StatusExt as _;

/// The domain of every reason that a Silhouette node gives.
const DOMAIN: &str = "silhouette.dev";

/// Why a call to a node failed. Whether a change was carried out nevertheless only another look tells, but for one that
/// was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// There was no connection: the node has not seen the call.
    #[error("{pod} cannot be reached: {cause}")]
    Unreachable {
        /// The node's pod.
        pod: String,
        /// Such as `connection refused`.
        cause: String,
    },
    /// There was no answer in time.
    #[error("{pod} did not answer within {}", humantime::format_duration(*after))]
    Silent {
        /// The node's pod.
        pod: String,
        /// How long was waited.
        after: Duration,
    },
    /// The node said no.
    #[error("{pod} refused: {message}")]
    Refused {
        /// The node's pod.
        pod: String,
        /// The class of the refusal.
        code: Code,
        /// The stable reason, such as `CONFIGURATION_CHANGED`.
        reason: String,
        /// A sentence for people.
        message: String,
    },
    /// The connection was lost, or something answered that is no Silhouette node.
    #[error("{pod} gave no answer of a node: {message}")]
    Unclear {
        /// The node's pod.
        pod: String,
        /// The class of the failure.
        code: Code,
        /// What was said.
        message: String,
    },
    /// The answer lacks something that every node says.
    #[error("{pod} answered without {missing}")]
    Incomplete {
        /// The node's pod.
        pod: String,
        /// What it did not say.
        missing: &'static str,
    },
}

impl NodeError {
    /// Reads what a call to the node in `pod` ended with.
    pub(super) fn of(pod: &str, status: &Status) -> Self {
        let (pod, code, message) = (pod.to_owned(), status.code(), status.message().to_owned());
        if let Some(info) = status.get_details_error_info().filter(|info| info.domain == DOMAIN) {
            return Self::Refused { pod, code, reason: info.reason, message };
        }
        match connection_failure(status) {
            Some(cause) => Self::Unreachable { pod, cause },
            None => Self::Unclear { pod, code, message },
        }
    }

    /// The node's stable reason, if it said no.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Whether a connection that was made before is of no more use.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Unclear { .. })
    }
}

/// Why there was no connection, if that is what failed: the innermost cause.
fn connection_failure(status: &Status) -> Option<String> {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            let mut innermost = error;
            while let Some(cause) = innermost.source() {
                innermost = cause;
            }
            return Some(innermost.to_string());
        }
        source = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    fn said_no(domain: &str) -> NodeError {
        let details = ErrorDetails::with_error_info("CHANGE_IN_FLIGHT", domain, HashMap::new());
        NodeError::of("demo-1", &Status::with_error_details(Code::Aborted, "a change is not finished", details))
    }

    #[test]
    fn a_refusal_keeps_its_reason_and_its_sentence() {
        let refused = said_no("silhouette.dev");
        assert_eq!(refused.reason(), Some("CHANGE_IN_FLIGHT"));
        assert_eq!(refused.to_string(), "demo-1 refused: a change is not finished");
        assert!(!refused.ends_connection(), "a node that says no is there");
    }

    #[test]
    fn what_is_no_silhouette_node_gives_no_reasons() {
        assert_eq!(said_no("example.org").reason(), None);
        let proxy = NodeError::of("demo-1", &Status::unavailable("no healthy upstream"));
        assert_eq!(proxy.to_string(), "demo-1 gave no answer of a node: no healthy upstream");
        assert!(proxy.ends_connection());
    }

    #[test]
    fn a_call_that_was_not_sent_says_so() {
        let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        let status = Status::from_error(Box::new(ConnectError(Box::new(refused))));
        assert_eq!(NodeError::of("demo-1", &status).to_string(), "demo-1 cannot be reached: connection refused");
    }
}
