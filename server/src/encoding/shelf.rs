//! The rounds held here, where services find them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parking_lot::RwLock;
use tokio::sync::watch;

use super::HeldRound;
use crate::ids::RoundUid;

/// The rounds held here. The keeper alone changes it.
#[derive(Default)]
pub(super) struct Shelf {
    rounds: RwLock<BTreeMap<RoundUid, Arc<HeldRound>>>,
    held: watch::Sender<Arc<BTreeSet<RoundUid>>>,
}

impl Shelf {
    /// A round, if it is held.
    pub(super) fn get(&self, uid: RoundUid) -> Option<Arc<HeldRound>> {
        self.rounds.read().get(&uid).cloned()
    }

    /// Which rounds are held, as it changes.
    pub(super) fn watch(&self) -> watch::Receiver<Arc<BTreeSet<RoundUid>>> {
        self.held.subscribe()
    }

    /// Holds one more round.
    pub(super) fn put(&self, round: Arc<HeldRound>) {
        self.rounds.write().insert(round.uid(), round);
        self.publish();
    }

    /// Drops the rounds for which `keep` is false.
    pub(super) fn retain(&self, keep: impl Fn(&HeldRound) -> bool) {
        let dropped: Vec<RoundUid> =
            self.rounds.read().values().filter(|round| !keep(round)).map(|round| round.uid()).collect();
        if !dropped.is_empty() {
            self.rounds.write().retain(|uid, _| !dropped.contains(uid));
            self.publish();
        }
    }

    /// Drops a round, unless another one has taken its place.
    pub(super) fn remove(&self, round: &Arc<HeldRound>) {
        let mut rounds = self.rounds.write();
        if rounds.get(&round.uid()).is_some_and(|held| Arc::ptr_eq(held, round)) {
            rounds.remove(&round.uid());
            drop(rounds);
            self.publish();
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<HeldRound>> {
        self.rounds.read().values().cloned().collect()
    }

    fn publish(&self) {
        self.held.send_replace(Arc::new(self.rounds.read().keys().copied().collect()));
    }
}
