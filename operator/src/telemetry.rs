//! What the operator tells of itself: log lines on standard error, metrics for Prometheus, and probes.
//!
//! No log line, metric or label carries a key, a value, a query, a seed, or a credential.

#[cfg(test)]
mod catalogue;
mod http;
mod logs;
mod metrics;
mod vitals;

pub use http::serve;
pub use logs::{LogError, LogFormat, start_logs};
pub use metrics::{Metrics, Outcome};
pub use vitals::{Part, Vitals};
