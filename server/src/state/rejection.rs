//! Why an entry changed nothing.

use std::fmt;

use thiserror::Error;

use super::PhaseName;
use crate::ids::{MemberId, RoundId, RoundUid, WorkerName};

/// A field of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Its name in the protocol.
    pub field: &'static str,
    /// The rule, as a sentence.
    pub sentence: String,
}

/// A user's key within an error: for the reply to the worker that sent it, and nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct UserKey(Vec<u8>);

impl UserKey {
    /// Takes a key.
    pub fn new(key: &[u8]) -> Self {
        Self(key.to_vec())
    }

    /// The key.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserKey(redacted)")
    }
}

/// Why an entry was rejected. Each variant is one reason of the protocol, with its metadata as fields.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// No live round has this uid.
    #[error("round {uid} not found")]
    RoundNotFound {
        /// What was asked for.
        uid: RoundUid,
    },
    /// The round takes no publications any more.
    #[error("round {id} takes no publications: it is {phase}")]
    RoundClosed {
        /// Its name.
        id: RoundId,
        /// Where it is in its life.
        phase: PhaseName,
    },
    /// The name belongs to a round that was deleted or has expired.
    #[error("round id {id} belonged to a round that was deleted or has expired")]
    RoundIdRetired {
        /// The name.
        id: RoundId,
    },
    /// The round was started with another spec.
    #[error("round {id} was started with another {}", fields.join(", "))]
    RoundSpecDiffers {
        /// Its name.
        id: RoundId,
        /// Which fields differ.
        fields: Vec<&'static str>,
    },
    /// The round at its maxima needs more memory than other rounds leave of what members offer.
    #[error(
        "round {id} needs {bytes} bytes of memory on each member where {limit} are left; ask for fewer pairs or shorter \
         values, or delete rounds"
    )]
    MemoryBudgetExceeded {
        /// Its name.
        id: RoundId,
        /// What it needs.
        bytes: u64,
        /// What is left.
        limit: u64,
    },
    /// The round would hold more bytes of pairs than it may.
    #[error("round {id} would hold {bytes} bytes of pairs, bookkeeping included, more than {limit}")]
    RoundTooLarge {
        /// Its name.
        id: RoundId,
        /// What it would hold.
        bytes: u64,
        /// What it may hold.
        limit: u64,
    },
    /// There are as many rounds as there may be.
    #[error("there are already {limit} rounds; delete some")]
    TooManyRounds {
        /// How many there may be.
        limit: u32,
    },
    /// There are as many rounds as there may be whose encoding is not agreed yet.
    #[error("there are already {limit} rounds that are open or sealed; wait until one is ready, or delete some")]
    TooManyOpenRounds {
        /// How many there may be.
        limit: u32,
    },
    /// Fields of the request break rules.
    #[error("{}", violations.iter().map(|violation| violation.sentence.as_str()).collect::<Vec<_>>().join("; "))]
    InvalidRequest {
        /// Which.
        violations: Vec<FieldViolation>,
    },
    /// A key has no bytes.
    #[error("pair {pair} of chunk {sequence} has an empty key")]
    KeyEmpty {
        /// Which chunk.
        sequence: u64,
        /// Which pair of it, from 0.
        pair: u64,
    },
    /// A key is too long.
    #[error("the key of pair {pair} of chunk {sequence} has {bytes} bytes, more than {limit}")]
    KeyTooLong {
        /// Which chunk.
        sequence: u64,
        /// Which pair of it, from 0.
        pair: u64,
        /// Its length.
        bytes: u64,
        /// How long it may be.
        limit: u64,
    },
    /// A value is too long.
    #[error("the value of pair {pair} of chunk {sequence} has {bytes} bytes, more than {limit}")]
    ValueTooLong {
        /// Which chunk.
        sequence: u64,
        /// Which pair of it, from 0.
        pair: u64,
        /// Its length.
        bytes: u64,
        /// How long it may be.
        limit: u64,
    },
    /// A value of a round of fixed lengths has another.
    #[error("the value of pair {pair} of chunk {sequence} has {bytes} bytes instead of {limit}")]
    ValueLength {
        /// Which chunk.
        sequence: u64,
        /// Which pair of it, from 0.
        pair: u64,
        /// Its length.
        bytes: u64,
        /// How long it must be.
        limit: u64,
    },
    /// A chunk is too large.
    #[error("chunk {sequence} has {bytes} bytes, more than {limit}")]
    ChunkTooLarge {
        /// Which chunk.
        sequence: u64,
        /// Its encoded length.
        bytes: u64,
        /// How long it may be.
        limit: u64,
    },
    /// A chunk came before another that is missing.
    #[error("chunk {next_sequence} is missing")]
    ChunkGap {
        /// The chunk to send next.
        next_sequence: u64,
    },
    /// Another upload of the same worker has taken over.
    #[error("a newer upload of worker {worker} has replaced this one")]
    UploadSuperseded {
        /// Who publishes.
        worker: WorkerName,
    },
    /// The round would hold more pairs than it may.
    #[error("round {id} holds at most {limit} pairs")]
    TooManyPairs {
        /// Its name.
        id: RoundId,
        /// How many it may hold.
        limit: u64,
    },
    /// A key twice in one publication.
    #[error("a key occurs twice in the publication")]
    DuplicateKey {
        /// Which; for the worker that sent it alone.
        key: UserKey,
    },
    /// Another worker has published the key.
    #[error("a key was already published by worker {worker}")]
    KeyConflict {
        /// Which; for the worker that sent it alone.
        key: UserKey,
        /// Who has published it.
        worker: WorkerName,
    },
    /// The worker has published other content.
    #[error("worker {worker} has already published other content")]
    PublicationDiffers {
        /// Who publishes.
        worker: WorkerName,
    },
    /// The commit does not describe what is staged.
    #[error("the commit of worker {worker} does not match the chunks that it sent")]
    PublicationIncomplete {
        /// Who publishes.
        worker: WorkerName,
    },
    /// The round does not wait for this worker.
    #[error("round {id} does not expect worker {worker}")]
    WorkerNotExpected {
        /// Who publishes.
        worker: WorkerName,
        /// The round's name.
        id: RoundId,
    },
    /// The cluster has not had all its voters yet, or one has not said what it offers.
    #[error("the cluster is still forming")]
    ClusterForming,
    /// The sealing was planned for a round that has changed meanwhile; plan it anew.
    #[error("the plan to seal round {id} is out of date")]
    PlanOutdated {
        /// The round's name.
        id: RoundId,
    },
    /// There is no such member.
    #[error("member {member} not found")]
    MemberNotFound {
        /// Who.
        member: MemberId,
    },
    /// The member or its data directory was removed from the cluster.
    #[error("member {member} was removed from the cluster")]
    MemberRemoved {
        /// Who.
        member: MemberId,
    },
    /// The member does not hold every Ready encoding yet, or has not registered.
    #[error("member {member} has not caught up")]
    NotCaughtUp {
        /// Who.
        member: MemberId,
    },
    /// The member offers less memory than the rounds that there are need.
    #[error(
        "member {member} offers {budget} bytes of memory where rounds need {needed}; raise its memory.budget_bytes and start \
         it again, or delete rounds"
    )]
    MemberBudgetTooSmall {
        /// Who.
        member: MemberId,
        /// What it offers.
        budget: u64,
        /// What is needed.
        needed: u64,
    },
    /// A membership change would lose something.
    #[error("the membership change is unsafe: {why}")]
    ChangeUnsafe {
        /// What it would lose.
        why: String,
    },
}
