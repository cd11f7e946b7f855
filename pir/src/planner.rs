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
