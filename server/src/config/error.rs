//! Why a configuration cannot be used.

use std::{fmt, io, path::PathBuf};

use super::{Origin, keys::Key};

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot read configuration file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not YAML.
    #[error("{origin}: {why}")]
    Malformed {
        /// Where in the file.
        origin: Origin,
        /// What is wrong there.
        why: String,
    },
    /// A section is not a mapping.
    #[error("{origin}: `{section}` is a section: keys must follow, not a value")]
    NoSection {
        /// Where in the file.
        origin: Origin,
        /// The section, or the file as a whole.
        section: String,
    },
    /// The file has a key that does not exist.
    #[error("{origin}: there is no key `{path}`; did you mean `{nearest}`?")]
    UnknownKey {
        /// Where in the file.
        origin: Origin,
        /// The key.
        path: String,
        /// The key or section that is most like it.
        nearest: String,
    },
    /// The environment has a variable that is no key.
    #[error("{name}: there is no such key; did you mean {nearest}?")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The one that is most like it.
        nearest: String,
    },
    /// A key does not take such a value.
    #[error("{origin}: `{path}` must be {expected}, not {given}")]
    WrongValue {
        /// Where it was given.
        origin: Origin,
        /// The key.
        path: String,
        /// What the key takes.
        expected: String,
        /// What was given.
        given: String,
    },
    /// What a flag gives is not text.
    #[error("{flag}: {source}")]
    NoText {
        /// The flag.
        flag: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A value makes no sense, alone or with others.
    #[error("{}{sentence}", from(.origin))]
    Senseless {
        /// Where it was given.
        origin: Origin,
        /// What is wrong, with the key.
        sentence: String,
    },
}

impl Problem {
    pub(super) fn wrong_value(origin: Origin, key: &Key, given: String) -> Self {
        let null = if key.optional { ", or null" } else { "" };
        Self::WrongValue { origin, path: key.path.clone(), expected: format!("{}{null}", key.kind), given }
    }
}

/// Nobody gave a default: there is no place to look at.
fn from(origin: &Origin) -> String {
    match origin {
        Origin::Default => String::new(),
        given => format!("{given}: "),
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigurationError {
    /// At least one.
    pub(super) problems: Vec<Problem>,
}

impl ConfigurationError {
    /// What is wrong, one by one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => problem.fmt(f),
            problems => {
                write!(f, "the configuration is wrong in {} places:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigurationError {}
