//! Raft's own log lines, as this program writes its own.

use slog::{Drain as _, Level, LevelFilter, Logger};
use tracing_slog::TracingSlogDrain;

/// A logger for raft. Its debug lines print whole messages, and so what users publish: they are dropped here, whatever
/// level is configured.
pub(super) fn raft_logger() -> Logger {
    Logger::root(LevelFilter::new(TracingSlogDrain, Level::Info).ignore_res(), slog::o!())
}
