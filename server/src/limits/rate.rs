//! How many calls a second there may be.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::DefaultClock, state::keyed::HashMapStateStore};

use crate::service::refusal::{NodeLimit, Refusal};

/// Addresses that are remembered before those are forgotten that have not called lately.
const REMEMBERED_ADDRESSES: usize = 4_096;

/// Calls a second, of all and of each address. A second's worth may come at once.
#[derive(Debug)]
pub(super) struct Rates {
    all: DefaultDirectRateLimiter,
    allowed: NonZeroU32,
    each: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>,
    allowed_each: NonZeroU32,
}

impl Rates {
    /// So many of all, and so many of each address.
    pub(super) fn new(allowed: NonZeroU32, allowed_each: NonZeroU32) -> Self {
        Self {
            all: RateLimiter::direct(Quota::per_second(allowed)),
            allowed,
            each: RateLimiter::hashmap(Quota::per_second(allowed_each)),
            allowed_each,
        }
    }

    /// Counts a call, if it is not one too many. Those that are refused for their address do not count for all.
    pub(super) fn take(&self, address: IpAddr) -> Result<(), Refusal> {
        if self.each.len() > REMEMBERED_ADDRESSES {
            self.each.retain_recent();
        }
        if self.each.check_key(&caller_of(address)).is_err() {
            let allowed = self.allowed_each.get();
            return Err(Refusal::LimitReached { limit: NodeLimit::RequestsOfAddress, allowed });
        }
        if self.all.check().is_err() {
            return Err(Refusal::LimitReached { limit: NodeLimit::Requests, allowed: self.allowed.get() });
        }
        Ok(())
    }
}

/// Whom an address counts for. Of IPv6 everybody has at least a network of 2^64 addresses.
fn caller_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(all: u32, each: u32) -> Rates {
        let number = |number| NonZeroU32::new(number).expect("it is not zero");
        Rates::new(number(all), number(each))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// How many calls in a row are taken, and why the next is not. A slow machine takes more, as time passes.
    fn taken(rates: &Rates, addresses: &[&str]) -> (usize, Refusal) {
        let calls = addresses.iter().cycle().take(1_000_000).map(|caller| rates.take(address(caller)));
        let refused = calls.enumerate().find_map(|(taken, call)| Some((taken, call.err()?)));
        refused.expect("a million calls are more than are allowed")
    }

    #[test]
    fn each_address_has_its_calls_and_leaves_those_of_others() {
        let rates = rates(1_000_000, 3);
        let refused = Refusal::LimitReached { limit: NodeLimit::RequestsOfAddress, allowed: 3 };
        for caller in ["192.0.2.1", "192.0.2.2"] {
            let (calls, refusal) = taken(&rates, &[caller]);
            assert!(calls >= 3, "{caller}: {calls}");
            assert_eq!(refusal, refused);
        }
    }

    #[test]
    fn all_addresses_together_have_their_calls() {
        let (calls, refusal) = taken(&rates(5, 1_000_000), &["192.0.2.1", "192.0.2.2"]);
        assert!(calls >= 5, "{calls}");
        assert_eq!(refusal, Refusal::LimitReached { limit: NodeLimit::Requests, allowed: 5 });
    }

    #[test]
    fn an_ipv6_network_is_one_caller_and_a_mapped_address_is_what_it_maps() {
        assert_eq!(caller_of(address("2001:db8::1")), caller_of(address("2001:db8::ffff:1:2:3")));
        assert_ne!(caller_of(address("2001:db8::1")), caller_of(address("2001:db8:0:1::1")));
        assert_eq!(caller_of(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
