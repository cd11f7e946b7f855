//! Tables over the rounds, so that nothing walks through all of them. Volatile: they follow from the rounds.

use std::collections::{BTreeMap, BTreeSet};

use super::{Limits, Round};
use crate::ids::{ClusterTime, RoundId, RoundUid};

/// Tables over the rounds.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    by_id: BTreeMap<RoundId, RoundUid>,
    /// Rounds that have not ended, by start order.
    live: BTreeMap<u64, RoundUid>,
    /// Ended rounds that are not shredded yet.
    unshredded: BTreeSet<RoundUid>,
    /// Ended and shredded rounds, by when their names are free again.
    retired: BTreeSet<(ClusterTime, RoundUid)>,
}

impl Lookup {
    /// Notes a new or changed round.
    pub(super) fn note(&mut self, round: &Round, limits: &Limits) {
        self.by_id.insert(round.id().clone(), round.uid());
        let Some(until) = round.retired_until(limits) else {
            self.live.insert(round.record.order, round.uid());
            return;
        };
        self.live.remove(&round.record.order);
        if round.is_shredded() {
            self.unshredded.remove(&round.uid());
            self.retired.insert((until, round.uid()));
        } else {
            self.unshredded.insert(round.uid());
        }
    }

    /// Forgets a retired round.
    pub(super) fn forget(&mut self, round: &Round, limits: &Limits) {
        self.by_id.remove(round.id());
        if let Some(until) = round.retired_until(limits) {
            self.retired.remove(&(until, round.uid()));
        }
    }

    pub(super) fn by_id(&self, id: &RoundId) -> Option<RoundUid> {
        self.by_id.get(id).copied()
    }

    pub(super) fn live(&self) -> impl Iterator<Item = RoundUid> {
        self.live.values().copied()
    }

    pub(super) fn live_count(&self) -> usize {
        self.live.len()
    }

    pub(super) fn unshredded(&self) -> impl Iterator<Item = RoundUid> {
        self.unshredded.iter().copied()
    }

    /// A retired round whose name is free again.
    pub(super) fn lapsed(&self, now: ClusterTime) -> Option<RoundUid> {
        self.retired.first().filter(|(until, _)| *until <= now).map(|(_, uid)| *uid)
    }
}
