//! Why a configuration cannot be used.

use std::{io, path::PathBuf};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("cannot read configuration file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not YAML, or a value is not of its key's kind.
    #[error("configuration file {path}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// The file has keys that do not exist.
    #[error("configuration file {path}: {}", unknown.join("; "))]
    UnknownKeys {
        /// The file.
        path: PathBuf,
        /// A sentence for each.
        unknown: Vec<String>,
    },
    /// Values that do not make sense, each with its key.
    #[error("{}", problems.join("; "))]
    Invalid {
        /// A sentence for each.
        problems: Vec<String>,
    },
}
