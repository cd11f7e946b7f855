//! Log lines: compact on a terminal, one JSON document a line elsewhere.

use std::{env, io, io::IsTerminal};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry::LookupSpan};

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Compact on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Compact,
    /// One document a line.
    Json,
}

/// Why lines cannot be logged as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The filter does not parse.
    #[error("{filter:?} of {asked_by} is no level or filter such as {example}: {source}")]
    Filter {
        /// As it was given.
        filter: String,
        /// Where.
        asked_by: &'static str,
        /// One that is right.
        example: &'static str,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else of this process logs already.
    #[error("log lines already go elsewhere")]
    Started,
}

/// What a program logs.
#[derive(Debug, Clone, Copy)]
pub struct Logs {
    /// The filter of what is quiet unless it is asked for by name.
    pub quiet: &'static str,
    /// Where people ask for a filter, as messages name it.
    pub asked_by: &'static str,
    /// A filter that messages show.
    pub example: &'static str,
}

impl Logs {
    /// Lines on standard error, of what passes the filter that is asked for. To be made a part of a subscriber.
    ///
    /// # Errors
    /// [`LogError::Filter`].
    pub fn lines<S>(&self, format: LogFormat, asked: &str) -> Result<Box<dyn Layer<S> + Send + Sync>, LogError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let filter = self.filter(asked)?;
        let terminal = io::stderr().is_terminal();
        let lines = fmt::layer().with_writer(io::stderr);
        let lines = match format {
            LogFormat::Compact => lines.compact().with_ansi(terminal && colour_is_welcome()).boxed(),
            LogFormat::Auto if terminal => lines.compact().with_ansi(colour_is_welcome()).boxed(),
            LogFormat::Auto | LogFormat::Json => {
                // A line tells of the call or pass that it is within; what is around that is of no interest.
                lines.json().flatten_event(true).with_span_list(false).with_ansi(false).boxed()
            }
        };
        Ok(lines.with_filter(filter).boxed())
    }

    /// The filter that is asked for, over what is quiet unless it is asked for by name.
    ///
    /// # Errors
    /// [`LogError::Filter`].
    pub fn filter(&self, asked: &str) -> Result<EnvFilter, LogError> {
        // What is asked of a quiet target comes later and wins.
        EnvFilter::try_new(format!("{},{asked}", self.quiet)).map_err(|source| LogError::Filter {
            filter: asked.to_owned(),
            asked_by: self.asked_by,
            example: self.example,
            source,
        })
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

    const LOGS: Logs = Logs { quiet: "library=off", asked_by: "--log-level", example: "info,ours=debug" };

    #[test]
    fn a_filter_that_does_not_parse_is_named() {
        let error = LOGS.filter("ours=loud").expect_err("there is no such level").to_string();
        assert!(
            error.starts_with(r#""ours=loud" of --log-level is no level or filter such as info,ours=debug: "#),
            "{error}"
        );
    }

    #[test]
    fn libraries_are_quiet_unless_they_are_asked_for_by_name() {
        let quiet = LOGS.filter("debug").expect("a filter").to_string();
        assert!(quiet.contains("library=off"), "{quiet}");
        let asked = LOGS.filter("info,library=debug").expect("a filter").to_string();
        assert!(asked.contains("library=debug") && !asked.contains("library=off"), "{asked}");
    }
}
