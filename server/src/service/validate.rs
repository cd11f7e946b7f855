//! What requests must be like. All bad fields of a request are named at once.

mod cluster;
mod rounds;
mod spec;

use std::fmt::Display;

pub(super) use cluster::{Allocation, Bootstrapping, Changing, Joining, Transferring, comparison_key};
pub(super) use rounds::{Commit, Header, RoundQuery, Starting, round_name, uid};

use super::refusal::Refusal;
use crate::state::FieldViolation;

/// Collects what is wrong with a request.
#[derive(Debug, Default)]
struct Fields {
    violations: Vec<FieldViolation>,
}

impl Fields {
    /// Notes a bad field.
    fn refuse(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.violations.push(FieldViolation { field, sentence: sentence.into() });
    }

    /// Takes a value, or notes why there is none.
    fn take<T, E: Display>(&mut self, field: &'static str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.refuse(field, error.to_string())).ok()
    }

    /// Notes a field that breaks a rule.
    fn require(&mut self, field: &'static str, holds: bool, sentence: &str) {
        if !holds {
            self.refuse(field, sentence);
        }
    }

    /// The whole request, if nothing is wrong with it.
    fn finish<T>(self, whole: Option<T>) -> Result<T, Refusal> {
        match whole {
            Some(whole) if self.violations.is_empty() => Ok(whole),
            _ => Err(Refusal::fields(self.violations)),
        }
    }
}

#[cfg(test)]
mod tests;
