//! What is kept of rounds that were read: descriptions, hints and downloaded encodings.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use silhouette_pir::{Client as Reader, okvs::Encoding};
use tokio::sync::OnceCell;

use super::Shape;
use crate::RoundUid;

/// The rounds that were read last.
#[derive(Debug)]
pub(crate) struct KeptRounds {
    most: usize,
    rounds: Mutex<VecDeque<Arc<KeptRound>>>,
}

/// What is known of one round. A Ready round never changes, so nothing here grows old.
pub(super) struct KeptRound {
    pub(super) shape: Shape,
    /// Made of the hint when the first query needs it.
    pub(super) reader: OnceCell<Reader>,
    /// Downloaded when first needed.
    pub(super) encoding: OnceCell<Encoding>,
}

impl KeptRounds {
    /// Keeps this many rounds, at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), rounds: Mutex::default() }
    }

    /// A round that is kept.
    pub(super) fn find(&self, uid: RoundUid) -> Option<Arc<KeptRound>> {
        let mut rounds = self.rounds.lock();
        let index = rounds.iter().position(|round| round.shape.uid() == uid)?;
        let round = rounds.remove(index)?;
        rounds.push_front(Arc::clone(&round));
        Some(round)
    }

    /// Keeps a round, and lets go of the one that was not read for longest. A round that is kept already stays unless
    /// it is described differently.
    pub(super) fn keep(&self, shape: &Shape) -> Arc<KeptRound> {
        if let Some(kept) = self.find(shape.uid()).filter(|kept| kept.shape == *shape) {
            return kept;
        }
        let round = Arc::new(KeptRound { shape: *shape, reader: OnceCell::new(), encoding: OnceCell::new() });
        let mut rounds = self.rounds.lock();
        rounds.retain(|kept| kept.shape.uid() != shape.uid());
        rounds.push_front(Arc::clone(&round));
        rounds.truncate(self.most);
        round
    }
}

impl std::fmt::Debug for KeptRound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptRound").field("shape", &self.shape).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::shape::tests::{shape, uid};

    #[test]
    fn the_round_that_was_not_read_for_longest_goes_first() {
        let kept = KeptRounds::new(2);
        kept.keep(&shape(1));
        kept.keep(&shape(2));
        assert!(kept.find(uid(1)).is_some());
        kept.keep(&shape(3));
        assert!(kept.find(uid(1)).is_some() && kept.find(uid(2)).is_none() && kept.find(uid(3)).is_some());
    }

    #[test]
    fn a_round_is_kept_once() {
        let kept = KeptRounds::new(2);
        let first = kept.keep(&shape(1));
        assert!(Arc::ptr_eq(&first, &kept.keep(&shape(1))));
        assert_eq!(kept.rounds.lock().len(), 1);
    }
}
