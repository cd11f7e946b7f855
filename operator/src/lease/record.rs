//! What a Lease says, and what may be written over it. Pure.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use tokio::time::Instant;

/// A Lease as it was seen last, and for how long it has been so.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The object.
    pub(super) lease: Lease,
    /// When it was first seen with this content, by this machine's clock.
    since: Instant,
}

impl Seen {
    /// What is seen now, after what was seen before. A Lease is as old as its content: whoever edits its labels does not
    /// make its holder live longer.
    pub(super) fn after(before: Option<&Self>, lease: Lease, now: Instant) -> Self {
        let unchanged = before.filter(|before| before.lease.spec == lease.spec);
        Self { since: unchanged.map_or(now, |before| before.since), lease }
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> Option<&str> {
        let holder = self.lease.spec.as_ref()?.holder_identity.as_deref()?;
        Some(holder).filter(|holder| !holder.is_empty())
    }

    /// Whether `identity` may write itself into it: nobody holds it, or its holder has not written for as long as it
    /// said it would at most.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        let said = self.lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds).unwrap_or(0);
        let lasts = Duration::from_secs(u64::try_from(said).unwrap_or(0));
        self.holder().is_none() || now.saturating_duration_since(self.since) >= lasts
    }
}

/// The content with which `identity` takes or keeps the Lease for `lasts`.
pub(super) fn held(before: Option<&LeaseSpec>, identity: &str, lasts: Duration, now: Timestamp) -> LeaseSpec {
    let before = before.cloned().unwrap_or_default();
    let keeps = before.holder_identity.as_deref() == Some(identity);
    let transitions = before.lease_transitions.unwrap_or(0);
    LeaseSpec {
        acquire_time: if keeps { before.acquire_time } else { Some(MicroTime(now)) },
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: Some(i32::try_from(lasts.as_secs()).unwrap_or(i32::MAX)),
        lease_transitions: Some(if keeps { transitions } else { transitions.saturating_add(1) }),
        renew_time: Some(MicroTime(now)),
        ..before
    }
}

/// The content with which its holder gives it back: the next may take it at once.
pub(super) fn released(before: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        renew_time: Some(MicroTime(now)),
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LASTS: Duration = Duration::from_secs(15);

    fn lease(spec: LeaseSpec) -> Lease {
        Lease { spec: Some(spec), ..Lease::default() }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    #[test]
    fn a_lease_whose_holder_writes_is_never_free() {
        let mut now = Instant::now();
        let mut spec = held(None, "a", LASTS, at(0));
        let mut seen = Seen::after(None, lease(spec.clone()), now);
        for renewal in 1..10 {
            now += Duration::from_secs(14);
            assert!(!seen.is_free(now));
            spec = held(Some(&spec), "a", LASTS, at(renewal));
            seen = Seen::after(Some(&seen), lease(spec.clone()), now);
        }
    }

    #[test]
    fn a_lease_is_free_once_it_was_seen_unchanged_for_its_duration() {
        let began = Instant::now();
        // Its holder's clock is a day ahead, and another's a day behind: neither matters.
        for clock in [86_400, -86_400] {
            let spec = held(None, "a", LASTS, at(clock));
            let mut seen = Seen::after(None, lease(spec.clone()), began);
            for second in 1..15 {
                let now = began + Duration::from_secs(second);
                seen = Seen::after(Some(&seen), lease(spec.clone()), now);
                assert!(!seen.is_free(now), "after {second} s");
            }
            assert!(seen.is_free(began + LASTS));
        }
    }

    #[test]
    fn labels_that_change_keep_no_dead_holder_alive() {
        let began = Instant::now();
        let mut found = lease(held(None, "a", LASTS, at(0)));
        let seen = Seen::after(None, found.clone(), began);
        found.metadata.resource_version = Some("2".to_owned());
        let seen = Seen::after(Some(&seen), found, began + Duration::from_secs(14));
        assert!(seen.is_free(began + LASTS));
    }

    #[test]
    fn a_lease_that_was_given_back_is_free_at_once() {
        let spec = released(&held(None, "a", LASTS, at(0)), at(1));
        let seen = Seen::after(None, lease(spec), Instant::now());
        assert_eq!(seen.holder(), None);
        assert!(seen.is_free(Instant::now()));
        assert!(Seen::after(None, Lease::default(), Instant::now()).is_free(Instant::now()), "one without content");
    }

    #[test]
    fn changes_of_the_holder_are_counted_and_renewals_are_not() {
        let first = held(None, "a", LASTS, at(0));
        let renewed = held(Some(&first), "a", LASTS, at(2));
        assert_eq!(renewed.lease_transitions, first.lease_transitions);
        assert_eq!(renewed.acquire_time, first.acquire_time);
        assert_ne!(renewed.renew_time, first.renew_time);
        let taken = held(Some(&renewed), "b", LASTS, at(20));
        assert_eq!(taken.lease_transitions, renewed.lease_transitions.map(|before| before + 1));
        assert_eq!(taken.acquire_time, Some(MicroTime(at(20))));
    }
}
