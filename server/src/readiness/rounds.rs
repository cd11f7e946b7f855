//! Which served rounds a node should hold, and since when.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::ServedRound;
use crate::ids::{RoundId, RoundUid};

/// When this process first saw a round served.
#[derive(Debug, Clone, Copy)]
enum FirstSeen {
    /// Before it had caught up: the round was there already, and clients expect it.
    AtStart,
    /// Later: members may still be encoding or fetching it.
    Later(Instant),
}

/// The served rounds that were seen, and when each was first.
#[derive(Debug, Default)]
pub(super) struct RoundsSeen {
    first: BTreeMap<RoundUid, FirstSeen>,
    /// Whether an earlier observation was of a node that had caught up: rounds first seen from then on are new.
    caught_up: bool,
}

impl RoundsSeen {
    /// Served rounds that are not here and have no grace left.
    pub(super) fn missing<'a>(
        &mut self,
        now: Instant,
        served: &'a BTreeMap<RoundUid, ServedRound>,
        caught_up: bool,
        grace: Duration,
    ) -> Vec<&'a RoundId> {
        self.first.retain(|uid, _| served.contains_key(uid));
        let (first, at_start) = (&mut self.first, !self.caught_up);
        let missing = served.iter().filter(|(uid, round)| {
            let seen = *first.entry(**uid).or_insert(if at_start { FirstSeen::AtStart } else { FirstSeen::Later(now) });
            let graced = matches!(seen, FirstSeen::Later(since) if now.saturating_duration_since(since) < grace);
            !round.held && !graced
        });
        let missing = missing.map(|(_, round)| &round.id).collect();
        self.caught_up |= caught_up;
        missing
    }
}
