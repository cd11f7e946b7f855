//! Log lines: compact on a terminal, one JSON document a line elsewhere.

use std::{env, io, io::IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::LogFormat;

/// The raft library tells each dropped message, through slog; what matters of it this crate says itself.
const QUIET_RAFT: &str = "slog=warn";

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

/// Writes lines that pass `filter` to standard error, from now on.
pub fn start_logs(format: LogFormat, filter: &str) -> Result<(), LogError> {
    // What filter says of the target `slog` comes later and wins.
    let with_quiet_raft = format!("{QUIET_RAFT},{filter}");
    let parsed =
        EnvFilter::try_new(with_quiet_raft).map_err(|source| LogError::Filter { filter: filter.to_owned(), source })?;
    let terminal = io::stderr().is_terminal();
    let lines = fmt().with_env_filter(parsed).with_writer(io::stderr);
    let started = match format {
        LogFormat::Compact => lines.compact().with_ansi(terminal && colour_is_welcome()).try_init(),
        LogFormat::Auto if terminal => lines.compact().with_ansi(colour_is_welcome()).try_init(),
        LogFormat::Auto | LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).try_init(),
    };
    started.map_err(|_| LogError::Started)
}

/// Whether the person at the terminal did not ask for plain text.
fn colour_is_welcome() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}
