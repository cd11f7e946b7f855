//! The client's choice between queries and a download: a function of the round's public shape and of a padded count.
//!
//! Which keys are looked up, and how many exactly, must not show in what is requested. So the count is padded first,
//! and nothing else enters.

use crate::Plan;

/// How keys are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// A private query each, after the hint.
    Queries,
    /// The masked encoding, whole: perfectly private.
    Download,
}

/// How many lookups are made for `keys` keys: the next multiple of the round's `expected_lookups`. No keys need none.
pub const fn padded_lookups(keys: u64, expected_lookups: u32) -> u64 {
    let step = if expected_lookups == 0 { 1 } else { expected_lookups as u64 };
    match keys.checked_next_multiple_of(step) {
        Some(padded) => padded,
        None => u64::MAX,
    }
}

/// Which method takes fewer bytes for this padded number of lookups, the hint counted.
///
/// A client that keeps the hint of an earlier call is not asked: what it requests would then tell its history.
pub fn choose_method(plan: &Plan, lookups: u64, downloads_allowed: bool) -> Method {
    let queries = plan.client_bytes(lookups);
    if downloads_allowed && u128::from(plan.encoding_bytes()) <= queries { Method::Download } else { Method::Queries }
}

#[cfg(test)]
mod tests {
    use silhouette_okvs::ValueLayout;

    use super::*;

    fn plan(capacity: u64) -> Plan {
        Plan::new(capacity, ValueLayout::Fixed { bytes: 8 }, 6).expect("plans")
    }

    #[test]
    fn counts_are_padded_to_the_next_multiple() {
        assert_eq!([0, 1, 5, 6, 7, 12, 13].map(|keys| padded_lookups(keys, 6)), [0, 6, 6, 6, 12, 12, 18]);
        assert_eq!([0, 1, 7].map(|keys| padded_lookups(keys, 1)), [0, 1, 7]);
        assert_eq!(padded_lookups(7, 0), 7);
        assert_eq!(padded_lookups(u64::MAX, 7), u64::MAX);
    }

    #[test]
    fn all_counts_that_are_padded_alike_choose_alike() {
        for capacity in [1_024, 20_000, 101_071, 1 << 20] {
            let plan = plan(capacity);
            for padded in (6..600).step_by(6) {
                let choices = (padded - 5..=padded).map(|keys| choose_method(&plan, padded_lookups(keys, 6), true));
                assert!(choices.into_iter().all(|choice| choice == choose_method(&plan, padded, true)));
            }
        }
    }

    #[test]
    fn small_rounds_are_downloaded_and_large_ones_queried() {
        assert_eq!(choose_method(&plan(1_024), 6, true), Method::Download);
        assert_eq!(choose_method(&plan(1 << 20), 6, true), Method::Queries);
    }

    #[test]
    fn many_keys_are_worth_a_download_at_exactly_its_cost() {
        let plan = plan(1 << 20);
        let lookup = plan.query_bytes() + plan.answer_bytes();
        let worth = (plan.encoding_bytes() - plan.hint_bytes()).div_ceil(lookup);
        assert!((100..120).contains(&worth), "{worth}");
        assert_eq!(choose_method(&plan, worth - 1, true), Method::Queries);
        assert_eq!(choose_method(&plan, worth, true), Method::Download);
        assert_eq!(choose_method(&plan, u64::MAX, true), Method::Download);
    }

    #[test]
    fn a_forbidden_download_is_never_chosen() {
        for lookups in [0, 6, 1 << 20, u64::MAX] {
            assert_eq!(choose_method(&plan(1_024), lookups, false), Method::Queries);
        }
    }
}
