//! What keeps a report from being written.

/// What keeps a report from being written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The resource has changed since it was looked at: the next pass sees it.
    #[error("the status of {cluster} was not written: the resource has changed since it was looked at")]
    Changed {
        /// Its name.
        cluster: String,
    },
    /// The API server refused the status, or could not be asked.
    #[error("the status of {cluster} was not written")]
    Status {
        /// Its name.
        cluster: String,
        /// What it said.
        source: kube::Error,
    },
    /// The API server refused an event, or could not be asked.
    #[error("an event was not written")]
    Event(#[source] kube::Error),
}
