//! What is wrong with input, and where. Neither ever shows what stands there.

use std::fmt;

use crate::value_type::ValueError;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    line: usize,
    part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// A byte, from 1.
    Column(usize),
    /// A field by its name, where quoting hides its column.
    Field(&'static str),
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// It has one field.
    #[error("there is no tab between key and value")]
    NoTab,
    /// A key must not be empty.
    #[error("the key is empty")]
    EmptyKey,
    /// It is of a file with other line ends.
    #[error("it ends with a carriage return; convert the file to LF line ends")]
    CarriageReturn,
    /// Its key was given before.
    #[error("its key is that of line {0} too")]
    Repeated(usize),
    /// It has too few or too many fields.
    #[error("it has {found} fields, and must have {expected}")]
    Fields {
        /// How many it has.
        found: u64,
        /// How many it must have.
        expected: u64,
    },
    /// A title is missing in the first line.
    #[error("no column is titled {0:?}")]
    NoColumn(&'static str),
    /// It is not JSON.
    #[error("it is no JSON")]
    NoJson,
    /// It is JSON, but no pair.
    #[error("it is no JSON object of \"key\" and \"value\" alone")]
    NoPair,
    /// Its key is of a type that no key has.
    #[error("the key must be a string or {{\"base64\": \"..\"}}")]
    KeyType,
    /// Its value is of another type.
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// A problem at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong {
    place: Place,
    problem: Problem,
}

impl Place {
    /// A whole line.
    pub(crate) const fn line(line: usize) -> Self {
        Self { line, part: Part::Whole }
    }

    /// A byte of a line; both from 1.
    pub(crate) const fn column(line: usize, column: usize) -> Self {
        Self { line, part: Part::Column(column) }
    }

    /// A field of the record that begins in a line.
    pub(crate) const fn field(line: usize, name: &'static str) -> Self {
        Self { line, part: Part::Field(name) }
    }

    /// Something is wrong there.
    pub(crate) fn is(self, problem: impl Into<Problem>) -> Wrong {
        Wrong { place: self, problem: problem.into() }
    }

    /// A value that begins here is wrong, perhaps at a place within it.
    pub(crate) fn holds(self, error: ValueError) -> Wrong {
        let part = match (self.part, error) {
            (Part::Column(column), ValueError::NoJson(offset)) => Part::Column(column + offset),
            (part, _) => part,
        };
        Wrong { place: Self { part, ..self }, problem: error.into() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match self.part {
            Part::Whole => Ok(()),
            Part::Column(column) => write!(f, ", column {column}"),
            Part::Field(name) => write!(f, ", {name}"),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}
