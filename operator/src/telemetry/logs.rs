//! Log lines: compact on a terminal, one JSON document a line elsewhere.

use std::{env, io, io::IsTerminal};

use clap::ValueEnum;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt, layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _,
};

/// What is quiet unless it is asked for by name: libraries that tell of each failed request what this crate says itself,
/// with what it was for.
const QUIET: &str = "kube_client=off,kube_runtime=warn,hyper=warn,hyper_util=warn,tower=warn,h2=warn";

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Compact on a terminal, else JSON.
    #[default]
    Auto,
    /// A short line each, for people.
    Compact,
    /// A JSON document each.
    Json,
}

/// Why lines cannot be logged as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The filter does not parse.
    #[error(
        "{filter:?} of --log-level is no level or filter such as info,silhouette_operator::controller=debug: {source}"
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

/// Writes lines that pass `filter` to standard error from now on.
pub fn start_logs(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let lines = lines(format, io::stderr().is_terminal()).with_filter(parse(filter)?);
    Registry::default().with(lines).try_init().map_err(|_| LogError::Started)
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
            // A line tells of the pass that it is within; what is around that is of no interest.
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
    use super::*;

    #[test]
    fn a_filter_that_does_not_parse_is_named() {
        let error = parse("silhouette_operator=loud").expect_err("there is no such level").to_string();
        assert!(error.contains("silhouette_operator=loud") && error.contains("--log-level"), "{error}");
    }

    #[test]
    fn libraries_are_quiet_unless_they_are_asked_for_by_name() {
        let quiet = parse("debug").expect("a filter").to_string();
        assert!(quiet.contains("kube_client=off"), "{quiet}");
        let asked = parse("info,kube_client=debug").expect("a filter").to_string();
        assert!(asked.contains("kube_client=debug") && !asked.contains("kube_client=off"), "{asked}");
    }
}
