//! Log lines: compact on a terminal, one JSON document a line elsewhere.

use std::{env, io, io::IsTerminal};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt as _, Targets},
    fmt,
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

use super::Traces;
use crate::config::LogFormat;

/// The raft library tells each dropped message, through slog; what matters of it this crate says itself. What the
/// traces' library cannot send is told once, by this crate.
const QUIET: &str = "slog=warn,opentelemetry=off,opentelemetry_sdk=off,opentelemetry-otlp=off";

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
    let lines = lines(format, io::stderr().is_terminal()).with_filter(parse(filter)?.and(spoken()));
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

/// What may be written at all, whatever the filter says: nothing that prints what users publish.
fn spoken() -> Targets {
    Targets::new().with_default(LevelFilter::TRACE)
}

fn lines<S>(format: LogFormat, terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Compact => lines.compact().with_ansi(terminal && colour_is_welcome()).boxed(),
        LogFormat::Auto if terminal => lines.compact().with_ansi(colour_is_welcome()).boxed(),
        LogFormat::Auto | LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).boxed(),
    }
}

/// Whether the person at the terminal did not ask for plain text.
fn colour_is_welcome() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}
