//! Finds values that make no sense, alone or together. All that is wrong is named at once, with where it was given.

mod addresses;
mod limits;
mod raft;
mod rounds;
mod service;
#[cfg(test)]
mod tests;

pub(super) use service::is_name;
use std::{fmt::Display, ops::RangeInclusive, time::Duration};

use super::{Effective, Origin, Origins, Problem};

/// What is wrong with a configuration; `dev` is `--dev`.
pub(super) fn problems(effective: &Effective, dev: bool) -> Vec<Problem> {
    let Effective { configuration, origins } = effective;
    let mut checks = Checks { origins, problems: Vec::new() };
    service::check(configuration, &mut checks);
    addresses::check(configuration, dev, &mut checks);
    limits::check(&configuration.limits, &mut checks);
    raft::check(configuration, &mut checks);
    rounds::check(&configuration.rounds, &mut checks);
    checks.problems
}

/// Times that are waited for again and again: shorter ones keep a core busy.
const PERIODS: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(24);

/// What was found so far.
struct Checks<'a> {
    origins: &'a Origins,
    problems: Vec<Problem>,
}

impl Checks<'_> {
    /// `must` says what the first of `paths` must be; the others are keys that it depends on.
    fn require<const N: usize>(&mut self, holds: bool, paths: [&str; N], must: impl Display) {
        if !holds {
            // The first that somebody gave: a default alone is never wrong.
            let origins = paths.iter().map(|path| self.origins.of(path));
            let origin = origins.max_by_key(|origin| **origin != Origin::Default).unwrap_or(&Origin::Default).clone();
            let sentence = format!("`{}` {must}", paths.first().unwrap_or(&""));
            self.problems.push(Problem::Senseless { origin, sentence });
        }
    }

    /// Requires a value to be one of a range; `show` writes its ends as the file would.
    fn within<T: PartialOrd, S: Display>(
        &mut self,
        path: &str,
        value: &T,
        range: &RangeInclusive<T>,
        show: impl Fn(&T) -> S,
    ) {
        let must = format!("must be {} to {}, not {}", show(range.start()), show(range.end()), show(value));
        self.require(range.contains(value), [path], must);
    }

    fn number_within(&mut self, path: &str, value: impl TryInto<u64>, range: RangeInclusive<u64>) {
        // No number of the configuration has more than 64 bits.
        self.within(path, &value.try_into().unwrap_or(u64::MAX), &range, |number| *number);
    }

    fn duration_within(&mut self, path: &str, duration: Duration, range: &RangeInclusive<Duration>) {
        self.within(path, &duration, range, |duration| humantime::format_duration(*duration));
    }
}
