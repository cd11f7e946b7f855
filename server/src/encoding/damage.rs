//! What was found damaged here of rounds that members agreed on, until it is repaired.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use crate::ids::RoundUid;

/// Which part of a round was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DamagedPart {
    /// This member has made another encoding of the same pairs than the majority.
    OwnEncoding,
    /// The stored encoding is not what was written.
    EncodingFile,
    /// The stored hint is not what was written.
    HintFile,
    /// What answers queries and downloads has changed in memory.
    Memory,
}

impl DamagedPart {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OwnEncoding, Self::EncodingFile, Self::HintFile, Self::Memory];

    /// Its stable name, for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnEncoding => "own_encoding",
            Self::EncodingFile => "encoding_file",
            Self::HintFile => "hint_file",
            Self::Memory => "memory",
        }
    }

    /// What is damaged, and what is done about it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OwnEncoding => {
                "its own encoding differs from the agreed one, although it has the same pairs; the agreed one is fetched"
            }
            Self::EncodingFile => "its stored encoding was damaged; it is written or fetched again",
            Self::HintFile => "its stored hint was damaged; it is written or computed again",
            Self::Memory => "its encoding has changed in memory; it is read or fetched again",
        }
    }
}

/// Told of each damage.
pub type DamageObserver = Arc<dyn Fn(DamagedPart) + Send + Sync>;

/// Rounds that are damaged here, each with what was found last.
pub(super) type DamagedRounds = BTreeMap<RoundUid, DamagedPart>;

/// The damage that is not repaired yet.
pub(super) struct Damages {
    rounds: watch::Sender<Arc<DamagedRounds>>,
    observe: DamageObserver,
}

impl Damages {
    pub(super) fn new(observe: DamageObserver) -> Self {
        Self { rounds: watch::Sender::default(), observe }
    }

    /// Something of a round is damaged.
    pub(super) fn note(&self, uid: RoundUid, part: DamagedPart) {
        tracing::error!(%uid, part = part.name(), "degraded: {}", part.sentence());
        (self.observe)(part);
        self.rounds.send_modify(|rounds| {
            Arc::make_mut(rounds).insert(uid, part);
        });
    }

    /// The round is sound again.
    pub(super) fn heal(&self, uid: RoundUid) {
        let healed = self.rounds.send_if_modified(|rounds| Arc::make_mut(rounds).remove(&uid).is_some());
        if healed {
            tracing::info!(%uid, "repaired what was damaged");
        }
    }

    /// Forgets rounds for which `keep` is false.
    pub(super) fn retain(&self, keep: impl Fn(RoundUid) -> bool) {
        self.rounds.send_if_modified(|rounds| {
            let gone = rounds.keys().any(|uid| !keep(*uid));
            if gone {
                Arc::make_mut(rounds).retain(|uid, _| keep(*uid));
            }
            gone
        });
    }

    /// Whether a round is damaged.
    pub(super) fn has(&self, uid: RoundUid) -> bool {
        self.rounds.borrow().contains_key(&uid)
    }

    /// The damaged rounds, as they change.
    pub(super) fn watch(&self) -> watch::Receiver<Arc<DamagedRounds>> {
        self.rounds.subscribe()
    }
}
