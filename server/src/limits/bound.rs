//! How many of something there may be at a time.

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::service::refusal::{NodeLimit, Refusal};

/// A number of places.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    limit: NodeLimit,
    size: u32,
    free: Arc<Semaphore>,
    in_use: Gauge,
}

/// A place that is taken; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _permit: OwnedSemaphorePermit,
    in_use: Gauge,
}

impl Bound {
    /// So many places, of which `in_use` tells how many are taken.
    pub(super) fn new(limit: NodeLimit, size: u32, in_use: Gauge) -> Self {
        Self { limit, size, free: Arc::new(Semaphore::new(size as usize)), in_use }
    }

    /// Takes a place, without waiting for one.
    pub(super) fn take(&self) -> Result<Held, Refusal> {
        let refused = Refusal::LimitReached { limit: self.limit, allowed: self.size };
        let permit = Arc::clone(&self.free).try_acquire_owned().map_err(|_| refused)?;
        self.in_use.inc();
        Ok(Held { _permit: permit, in_use: self.in_use.clone() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.in_use.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_there_are_places_is_refused_until_one_is_given_back() {
        let in_use = Gauge::default();
        let bound = Bound::new(NodeLimit::Watches, 2, in_use.clone());
        let first = bound.take().expect("two are free");
        let second = bound.take().expect("one is free");
        assert_eq!(bound.take().err(), Some(Refusal::LimitReached { limit: NodeLimit::Watches, allowed: 2 }));
        assert_eq!(in_use.get(), 2);
        drop(first);
        assert_eq!(in_use.get(), 1);
        let third = bound.take().expect("one is free again");
        drop((second, third));
        assert_eq!(in_use.get(), 0);
    }
}
