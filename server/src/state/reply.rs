//! What an applied entry answers to whoever proposed it.

use crate::ids::{MemberId, RoundUid};

/// The answer of an entry that was not rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done, or already so, or stale.
    Done,
    /// The round that was started, now or earlier.
    Round {
        /// Its uid.
        uid: RoundUid,
    },
    /// The member that was allocated, now or earlier, or registered.
    Member {
        /// Its id.
        id: MemberId,
    },
    /// A chunk is staged, or was already.
    Chunk {
        /// The chunk to send next.
        next_sequence: u64,
    },
    /// A publication is published.
    Published {
        /// Whether it already was, with this very content.
        already: bool,
    },
}
