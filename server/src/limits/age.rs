//! How old a client's connection may grow.

use std::time::Duration;

use crate::config::LimitsSection;

/// Age of a connection that is one too many: enough to ask how the node is, and then there is room for another's.
const AGE_OF_ONE_TOO_MANY: Duration = Duration::from_secs(10);

/// How long one connection is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// After this it is told to go away.
    pub(crate) age: Duration,
    /// How long calls may then go on.
    pub(crate) grace: Duration,
}

impl Lifetime {
    /// Of a new connection: as configured, and different from that of those that were made with it.
    pub(crate) fn draw(section: &LimitsSection, one_too_many: bool) -> Self {
        // Without randomness they end together, which costs a moment's load and no call.
        let fraction = getrandom::u32().map_or(0.5, |drawn| f64::from(drawn) / f64::from(u32::MAX));
        let share = f64::from(section.connection_age_jitter_percent) / 100.0;
        let factor = 1.0 + share * (2.0 * fraction - 1.0);
        let (age, grace) = (section.connection_age.mul_f64(factor), section.connection_grace);
        if one_too_many {
            return Self { age: age.min(AGE_OF_ONE_TOO_MANY), grace: grace.min(AGE_OF_ONE_TOO_MANY) };
        }
        Self { age, grace }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_differ_by_at_most_the_jitter_either_way() {
        let section = LimitsSection {
            connection_age: Duration::from_secs(100),
            connection_age_jitter_percent: 20,
            ..LimitsSection::default()
        };
        let ages: Vec<_> = (0..200).map(|_| Lifetime::draw(&section, false).age.as_secs_f64()).collect();
        assert!(ages.iter().all(|age| (79.99..=120.01).contains(age)), "{ages:?}");
        assert!(ages.iter().any(|age| *age < 95.0) && ages.iter().any(|age| *age > 105.0), "{ages:?}");
        let exact = LimitsSection { connection_age_jitter_percent: 0, ..section };
        assert_eq!(Lifetime::draw(&exact, false).age, Duration::from_secs(100));
        assert_eq!(Lifetime::draw(&exact, true).age, AGE_OF_ONE_TOO_MANY);
    }
}
