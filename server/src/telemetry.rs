//! What a node tells of itself: log lines on standard error and metrics for Prometheus.
//!
//! No log line, metric or label carries a key, a value, a query, a seed, or anything that tells clients apart.

mod calls;
#[cfg(test)]
mod catalogue;
mod context;
mod divergence;
mod durations;
mod exposition;
mod figures;
mod identify;
mod limits;
mod logs;
mod methods;
mod metrics;
mod request_id;
mod requests;
mod retrieval;
mod round_changes;
mod traces;

pub(crate) use calls::CountCalls;
pub(crate) use context::{carry_on, note_round};
pub use divergence::DivergenceMetrics;
pub(crate) use exposition::Exposition;
pub(crate) use figures::{DatabaseFigures, DiskFigures, EncodingFigures, Figures, MemoryFigures, RoundFigures};
pub(crate) use identify::IdentifyCalls;
pub(crate) use limits::Port;
pub use logs::{LogError, start_logs};
pub use metrics::Metrics;
pub(crate) use retrieval::RetrievalMetrics;
pub use traces::Traces;
