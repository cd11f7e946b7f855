//! What a node tells of itself: log lines on standard error and metrics for Prometheus.
//!
//! No log line, metric or label carries a key, a value, a query, a seed, or anything that tells clients apart.

mod calls;
mod context;
mod durations;
mod figures;
mod identify;
mod logs;
mod methods;
mod metrics;
mod process;
mod request_id;
mod traces;

pub(crate) use calls::CountCalls;
pub(crate) use context::{carry_on, note_round};
pub(crate) use figures::{Figures, RoundCounts};
pub(crate) use identify::IdentifyCalls;
pub use logs::{LogError, start_logs};
pub use metrics::Metrics;
pub use traces::Traces;
