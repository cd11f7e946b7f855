//! Log lines of the operator.

use silhouette_telemetry::Logs;
pub use silhouette_telemetry::{LogError, LogFormat};
use tracing_subscriber::{Registry, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Quiet are libraries that tell of each failed request what this crate says itself, with what it was for.
const LOGS: Logs = Logs {
    quiet: "kube_client=off,kube_runtime=warn,hyper=warn,hyper_util=warn,tower=warn,h2=warn",
    asked_by: "--log-level",
    example: "info,silhouette_operator::controller=debug",
};

/// Writes lines that pass `filter` to standard error from now on.
///
/// # Errors
/// A filter that does not parse, or another subscriber.
pub fn start_logs(format: LogFormat, filter: &str) -> Result<(), LogError> {
    Registry::default().with(LOGS.lines(format, filter)?).try_init().map_err(|_| LogError::Started)
}
