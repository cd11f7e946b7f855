//! Why a step did not do what it was to do, and what follows from it.

use kube::core::Status;
use tonic::Code;

use super::Outcome;
use crate::{look::LookError, nodes::NodeError, resources::ResourcesError};

/// What the API server says under code 500, as if it were its own fault, of what only people can mend: an apply with
/// fields that it does not know, and a pod that two budgets cover.
const FOR_PEOPLE: [&str; 2] = ["failed to create typed patch object", "more than one PodDisruptionBudget"];

/// Why a step did not do what it was to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The object was written to since it was looked at, or is another of the same name.
    #[error("{object} has changed since it was looked at")]
    Changed {
        /// Such as `pod demo-1`.
        object: String,
    },
    /// There is no such object any more.
    #[error("{object} is gone")]
    Gone {
        /// Such as `pod demo-1`.
        object: String,
    },
    /// An object of the same name is there, and is not of this cluster.
    #[error(
        "{object} is somebody else's: it has no label silhouette.dev/cluster={cluster}; delete it, or give it the label to \
         hand it over"
    )]
    Foreign {
        /// Such as `service demo`.
        object: String,
        /// The resource's name.
        cluster: String,
    },
    /// The API server refused, or could not be asked.
    #[error("{object}: {}", sentence(source))]
    Api {
        /// Such as `statefulset demo`.
        object: String,
        /// What it said.
        source: kube::Error,
    },
    /// The resource asks for objects that cannot be made.
    #[error(transparent)]
    Resource(#[from] ResourcesError),
    /// A node refused, or could not be asked.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node that is to be told something was not found.
    #[error(transparent)]
    Look(#[from] LookError),
}

impl Error {
    /// Of what the API server said about an object.
    pub(crate) fn of(object: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let object = object.into();
        move |source| match &source {
            kube::Error::Api(status) if status.is_not_found() => Self::Gone { object },
            kube::Error::Api(status) if status.is_conflict() || status.is_already_exists() => Self::Changed { object },
            _ => Self::Api { object, source },
        }
    }

    /// Whether the API server says that what was sent is no such object, or one that cannot become this: as opposed to
    /// that this operator may not send it.
    pub fn is_about_the_object(&self) -> bool {
        match self {
            Self::Api { source: kube::Error::Api(status), .. } => {
                matches!(status.code, 400 | 422) || FOR_PEOPLE.iter().any(|said| status.message.contains(said))
            }
            Self::Resource(_) => true,
            _ => false,
        }
    }

    /// What follows from it.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Changed { .. } | Self::Gone { .. } => Outcome::Overtaken,
            Self::Api { source: kube::Error::Api(status), .. } => of_status(status),
            // What cannot be written or read as JSON will not be the next time either.
            Self::Api { source: kube::Error::SerdeError(_) | kube::Error::BuildRequest(_), .. }
            | Self::Foreign { .. }
            | Self::Resource(_) => Outcome::Refused,
            Self::Node(NodeError::Refused { code, reason, .. }) => of_refusal(*code, reason),
            Self::Api { .. } | Self::Node(_) | Self::Look(_) => Outcome::Postponed,
        }
    }
}

/// What follows from a node's refusal.
fn of_refusal(code: Code, reason: &str) -> Outcome {
    match (code, reason) {
        // It passes: a learner catches up, a voter comes back, rounds end.
        (Code::FailedPrecondition, "NOT_CAUGHT_UP" | "CHANGE_UNSAFE") => Outcome::Postponed,
        (Code::FailedPrecondition, "MEMBER_BUDGET_TOO_SMALL") | (Code::InvalidArgument | Code::Unimplemented, _) => {
            Outcome::Refused
        }
        // Another configuration, cluster, data directory or state than was seen.
        (Code::Aborted | Code::FailedPrecondition | Code::NotFound, _) => Outcome::Overtaken,
        _ => Outcome::Postponed,
    }
}

/// What follows from a status of the API server that says neither that the object changed nor that it is gone.
fn of_status(status: &Status) -> Outcome {
    match status.code {
        500 if FOR_PEOPLE.iter().any(|said| status.message.contains(said)) => Outcome::Refused,
        408 | 429 | 500.. => Outcome::Postponed,
        _ => Outcome::Refused,
    }
}

/// What the API server said, for people: without the error's type and its debugging form.
fn sentence(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => {
            let causes = status.details.iter().flat_map(|details| &details.causes);
            // A cause of validation repeats the message; one of the budget says what it lacks.
            let causes = causes.filter(|cause| !status.message.contains(&cause.message));
            let sentences: Vec<&str> =
                [status.message.as_str()].into_iter().chain(causes.map(|cause| cause.message.as_str())).collect();
            sentences.join("; ")
        }
        other => format!("the API server could not be asked: {other}"),
    }
}
