//! What a node tells of itself: log lines on standard error and metrics for Prometheus.
//!
//! No log line, metric or label carries a key, a value, a query, a seed, or anything that tells clients apart.

mod calls;
mod figures;
mod limits;
mod logs;
mod methods;
mod metrics;
mod process;

pub(crate) use calls::CountCalls;
pub(crate) use figures::{Figures, RoundCounts};
pub(crate) use limits::Port;
pub use logs::{LogError, start_logs};
pub use metrics::Metrics;
