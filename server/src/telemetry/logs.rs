//! Log lines of a node, and the spans that go to a collector.

pub use silhouette_telemetry::LogError;
use silhouette_telemetry::{LogFormat, Logs};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, Registry, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use super::Traces;

/// Quiet is the raft library, which tells each step of an election: what matters of it this crate says itself. So it does
/// with what the traces' library cannot send.
const LOGS: Logs = Logs {
    quiet: "raft=warn,opentelemetry=off,opentelemetry_sdk=off,opentelemetry-otlp=off",
    asked_by: "--log-level, RUST_LOG or log.level",
    example: "info,silhouette_server::consensus=debug",
};

/// This crate, whose spans are sent to a collector.
const OURS: &str = "silhouette_server";

/// Writes lines that pass `filter` to standard error, and sends spans of calls to `traces`, from now on.
///
/// # Errors
/// A filter that does not parse, or another subscriber.
pub fn start_logs(format: LogFormat, filter: &str, traces: Option<&Traces>) -> Result<(), LogError> {
    let lines = LOGS.lines(format, filter)?;
    let spans = traces.map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(OURS, LevelFilter::INFO))
    });
    Registry::default().with(lines).with(spans).try_init().map_err(|_| LogError::Started)
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use parking_lot::Mutex;
    use tracing_slog::TracingSlogDrain;
    use tracing_subscriber::fmt;

    use super::*;

    /// What is written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the raft library's lines of an election, and one of this crate, become under a filter.
    fn written(filter: &str) -> String {
        let written = Written::default();
        let writer = written.clone();
        let lines =
            fmt::layer().with_writer(move || writer.clone()).with_filter(LOGS.filter(filter).expect("a filter"));
        // As in `identify`: or a test beside this one would decide whether these lines are wanted.
        let _another = tracing::Dispatch::new(Registry::default());
        tracing::subscriber::with_default(Registry::default().with(lines), || {
            let raft = slog::Logger::root(TracingSlogDrain, slog::o!());
            slog::info!(raft, # "raft::raft", "became pre-candidate at term 2");
            tracing::info!("a leader is known");
        });
        String::from_utf8(written.0.lock().clone()).expect("lines are text")
    }

    #[test]
    fn elections_are_told_by_this_crate_alone_unless_raft_is_asked_for() {
        for filter in ["info", "trace", "debug,silhouette_server=trace"] {
            let lines = written(filter);
            assert!(lines.contains("a leader is known") && !lines.contains("pre-candidate"), "{filter}: {lines}");
        }
        assert!(written("info,raft=info").contains("pre-candidate"));
    }
}
