//! Where a value of the configuration came from.

use std::{fmt, path::PathBuf};

/// Where a value of the configuration came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody gave it.
    Default,
    /// The configuration file.
    File {
        /// The file, as it was given.
        path: PathBuf,
        /// Line of the file, from 1.
        line: usize,
        /// Character of the line, from 1.
        column: usize,
    },
    /// A variable of the environment, by its name.
    Variable(String),
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => write!(f, "file {}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}
