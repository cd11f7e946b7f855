//! What a node tells of itself: log lines on standard error and metrics for Prometheus.
//!
//! No log line, metric or label carries a key, a value, a query, a seed, or anything that tells clients apart.

mod calls;
mod divergence;
mod figures;
mod logs;
mod methods;
mod metrics;
mod process;

pub(crate) use calls::CountCalls;
pub use divergence::DivergenceMetrics;
pub(crate) use figures::{Figures, RoundCounts};
pub use logs::{LogError, start_logs};
pub use metrics::Metrics;
