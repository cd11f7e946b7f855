//! What this node takes from others at a time, so that nobody can take all of its memory, connections or time.
//!
//! ```text
//!  listener ──> Door ──────────> Connection ──> Gate ────────────────────────> services
//!               connections       its age       calls a second, calls at a time
//! ```
//!
//! A [`Door`](door::Door) bounds the connections of an address, a [`Gate`](gate::Gate) the calls of clients. Whatever
//! is refused at the gate is refused with a reason of its own, which names the key that sets the limit. Two kinds of
//! calls pass under the limits of others: those of administrators, with a limit of their own, so that a node which has
//! too much to do can still be asked how it is; and those that another member forwards, which were counted where they
//! arrived.

pub(crate) mod age;
mod bound;
mod class;
mod connection;
pub(crate) mod door;
pub(crate) mod gate;
mod rate;

use bound::{Bound, Held};
use class::Class;
use connection::Caller;
pub(crate) use connection::CallerInfo;
use http::{HeaderMap, Request};
use rate::Rates;

use crate::{
    config::LimitsSection,
    service::{
        FORWARDED,
        refusal::{NodeLimit, Refusal},
    },
    telemetry::Metrics,
};

/// The limits of a node's calls, and what of them is in use.
#[derive(Debug)]
pub(crate) struct CallLimits {
    rates: Rates,
    calls: Bound,
    publications: Bound,
    watches: Bound,
    downloads: Bound,
    administration: Bound,
    connections: u32,
}

/// A call's place among those that are counted; given back when it is dropped.
#[derive(Debug)]
#[expect(dead_code, reason = "it is held, never looked at")]
struct Place(Vec<Held>);

impl CallLimits {
    /// As configured.
    pub(crate) fn new(section: &LimitsSection, metrics: &Metrics) -> Self {
        let bound = |limit, size| Bound::new(limit, size, metrics.limits().in_use(limit));
        Self {
            rates: Rates::new(section.requests_per_second, section.requests_per_second_per_address),
            calls: bound(NodeLimit::Calls, section.calls.get()),
            publications: bound(NodeLimit::Publications, section.publications.get()),
            watches: bound(NodeLimit::Watches, section.watches.get()),
            downloads: bound(NodeLimit::Downloads, section.downloads.get()),
            administration: bound(NodeLimit::AdministrationCalls, section.administration_calls.get()),
            connections: section.connections.get(),
        }
    }

    /// Takes a place for a call, or says which limit leaves none.
    fn admit<B>(&self, request: &Request<B>) -> Result<Place, Refusal> {
        self.place(
            request.uri().path(),
            request.headers(),
            request.extensions().get::<CallerInfo>().and_then(|info| info.0.as_ref()),
        )
    }

    fn place(&self, path: &str, headers: &HeaderMap, caller: Option<&Caller>) -> Result<Place, Refusal> {
        let class = Class::of(path);
        if headers.contains_key(FORWARDED) && class.is_forwarded(path) {
            return Ok(Place(Vec::new()));
        }
        let bound = match class {
            Class::Administration => return Ok(Place(vec![self.administration.take()?])),
            Class::Publication => &self.publications,
            Class::Watch => &self.watches,
            Class::Download => &self.downloads,
            Class::Call => &self.calls,
        };
        let mut held = Vec::with_capacity(2);
        if let Some(caller) = caller {
            if caller.is_one_too_many() {
                return Err(Refusal::LimitReached { limit: NodeLimit::Connections, allowed: self.connections });
            }
            self.rates.take(caller.address())?;
            held.push(caller.calls().take()?);
        }
        held.push(bound.take()?);
        Ok(Place(held))
    }
}

#[cfg(test)]
mod tests;
