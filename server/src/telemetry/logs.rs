//! Log lines: compact on a terminal, one JSON document a line elsewhere.

use std::{env, io, io::IsTerminal};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::Targets, fmt, layer::SubscriberExt as _, registry::LookupSpan,
    util::SubscriberInitExt as _,
};

use super::Traces;
use crate::config::LogFormat;

/// What is quiet unless it is asked for by name. The raft library tells each step of an election; what matters of it
/// this crate says itself, and what the traces' library cannot send it says once.
const QUIET: &str = "raft=warn,opentelemetry=off,opentelemetry_sdk=off,opentelemetry-otlp=off";

/// This crate, whose spans are sent to a collector.
const OURS: &str = "silhouette_server";

/// Why lines cannot be logged as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The filter does not parse.
    #[error(
        "{filter:?} of --log-level, RUST_LOG or log.level is no level or filter such as \
         info,silhouette_server::consensus=debug: {source}"
    )]
    Filter {
        /// As it was given.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else of this process logs already.
    #[error("log lines already go elsewhere")]
    Started,
}

/// Writes lines that pass `filter` to standard error, and sends spans of calls to `traces`, from now on.
pub fn start_logs(format: LogFormat, filter: &str, traces: Option<&Traces>) -> Result<(), LogError> {
    let lines = lines(format, io::stderr().is_terminal()).with_filter(parse(filter)?);
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

/// The filter that is asked for, over what is quiet unless it is asked for by name.
fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    // What filter says of a quiet target comes later and wins.
    EnvFilter::try_new(format!("{QUIET},{filter}"))
        .map_err(|source| LogError::Filter { filter: filter.to_owned(), source })
}

fn lines<S>(format: LogFormat, terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Compact => lines.compact().with_ansi(terminal && colour_is_welcome()).boxed(),
        LogFormat::Auto if terminal => lines.compact().with_ansi(colour_is_welcome()).boxed(),
        LogFormat::Auto | LogFormat::Json => {
            // A line tells of the call that it is within; there is no span within another.
            lines.json().flatten_event(true).with_span_list(false).with_ansi(false).boxed()
        }
    }
}

/// Whether the person at the terminal did not ask for plain text.
fn colour_is_welcome() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing_slog::TracingSlogDrain;

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
        let lines = fmt::layer().with_writer(move || writer.clone()).with_filter(parse(filter).expect("a filter"));
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

    #[test]
    fn a_filter_that_does_not_parse_is_named() {
        let error = parse("silhouette_server=loud").expect_err("there is no such level").to_string();
        assert!(error.contains("silhouette_server=loud") && error.contains("--log-level"), "{error}");
    }
}
