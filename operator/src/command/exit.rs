//! How the process ends.

use std::{fmt, process::ExitCode};

/// It could not do what it was asked for.
const FAILED: u8 = 1;

/// What it was asked for makes no sense.
const MISUSED: u8 = 2;

/// What was asked could not be told: neither nothing (0) nor steps (1).
const UNTOLD: u8 = 3;

/// Why a command ends without having done what it was asked for.
#[derive(Debug)]
pub(crate) struct Failed {
    code: u8,
    error: anyhow::Error,
}

impl Failed {
    /// It could not be done.
    pub(crate) fn to_do(error: impl Into<anyhow::Error>) -> Self {
        Self { code: FAILED, error: error.into() }
    }

    /// It makes no sense.
    pub(crate) fn to_understand(error: impl Into<anyhow::Error>) -> Self {
        Self { code: MISUSED, error: error.into() }
    }

    /// An answer could not be given.
    pub(crate) fn to_tell(error: impl Into<anyhow::Error>) -> Self {
        Self { code: UNTOLD, error: error.into() }
    }

    /// Tells people, and gives the code for machines.
    pub(crate) fn tell(self) -> ExitCode {
        eprintln!("error: {self}");
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}
