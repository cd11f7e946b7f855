//! The replicated state machine: pure, without I/O, clock or randomness.
//!
//! [`State::apply`] takes the committed entries of the log, one after another, and says what became of each: a reply
//! for whoever proposed it and [`Effect`]s that storage carries out together with the applied index. Every member
//! that applies the same entries has the same state ([`State::inspect`]).
//!
//! # Invariants
//! - A rejected entry changes nothing but the clock. (One exception, on purpose: a commit that can never succeed drops
//!   what it staged.)
//! - What the leader checked before it proposed is checked again here: the state may have moved on meanwhile.
//! - Commands of timers name what they expect; stale ones change nothing.
//! - Everything of a round that tells its pairs, or how many there are, is in [`RoundSecret`] and chunks. Both are
//!   sealed at rest, and gone once the round is shredded.
//! - `restore(cluster_record, rounds, chunks)` and `from_snapshot(to_snapshot, chunks)` give an equal state at any
//!   point. Whatever is not in records (the key index, the lookup tables) follows from them and the chunks.

mod admission;
mod apply;
mod chunk;
mod command;
mod due;
mod effect;
mod encoding_plan;
mod index;
mod inspect;
mod limits;
mod lookup;
mod majority;
mod member;
mod publication;
mod rejection;
mod reply;
mod restore;
mod round;
mod seed;
mod spec;

use std::collections::BTreeMap;

pub use chunk::{ChunkKey, check_pairs};
pub use command::{Command, EncodingOutcome, Entry, ExpectedPhase, MemberAction, MembershipChange};
pub use due::{Due, LeaderView};
pub use effect::{Applied, Effect};
pub use encoding_plan::{EncodingParameters, EncodingPlan, EncodingPlanError};
pub use limits::Limits;
use lookup::Lookup;
pub use member::{Configuration, MemberRecord, MemberState, RaftConfiguration};
pub use publication::{Publication, Published, Staged};
pub use rejection::{FieldViolation, Rejection, UserKey};
pub use reply::Reply;
pub use restore::RestoreError;
pub use round::{EncodingProgress, EndCause, Held, Phase, PhaseName, Round, RoundRecord, RoundSecret, Sealing};
pub use seed::SecretSeed;
use serde::{Deserialize, Serialize};
pub use spec::{Downloads, Expected, OnConflict, OnDeadline, RoundSpec};

use crate::ids::{ClusterId, ClusterTime, LogIndex, MemberId, RoundId, RoundUid};

/// Everything that is replicated.
#[derive(Debug)]
pub struct State {
    cluster: ClusterRecord,
    rounds: BTreeMap<RoundUid, Round>,
    lookup: Lookup,
    /// Volatile: a restored state has applied nothing.
    last_applied: LogIndex,
}

/// The state but its rounds, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRecord {
    id: ClusterId,
    initial_members: u32,
    formed: bool,
    limits: Limits,
    clock: ClusterTime,
    last_member: MemberId,
    members: BTreeMap<MemberId, MemberRecord>,
    configuration: Configuration,
    rounds_started: u64,
}

impl State {
    /// The state of a new cluster of one voter, whose configuration is that of log index 1.
    pub fn bootstrap(cluster: ClusterId, initial_members: u32, founder: MemberRecord, limits: Limits) -> Self {
        let founder = MemberRecord { state: MemberState::Voter, replaces: None, ..founder };
        let raft = RaftConfiguration { voters: [founder.id].into(), ..RaftConfiguration::default() };
        Self::of(ClusterRecord {
            id: cluster,
            initial_members,
            formed: initial_members <= 1,
            limits,
            clock: ClusterTime(0),
            last_member: founder.id,
            members: [(founder.id, founder)].into(),
            configuration: Configuration { index: LogIndex(1), raft },
            rounds_started: 0,
        })
    }

    /// The state of a member that has joined and still waits for its first snapshot or entries: nobody and nothing.
    pub fn empty(cluster: ClusterId) -> Self {
        Self::of(ClusterRecord {
            id: cluster,
            initial_members: 0,
            formed: false,
            limits: Limits::default(),
            clock: ClusterTime(0),
            last_member: MemberId(0),
            members: BTreeMap::new(),
            configuration: Configuration::default(),
            rounds_started: 0,
        })
    }

    fn of(cluster: ClusterRecord) -> Self {
        Self { cluster, rounds: BTreeMap::new(), lookup: Lookup::default(), last_applied: LogIndex(0) }
    }

    /// Index of the last entry that was applied since this state was made, bootstrapped or restored; 0 before.
    pub fn last_applied(&self) -> LogIndex {
        self.last_applied
    }

    /// Cluster time of the last entry.
    pub fn clock(&self) -> ClusterTime {
        self.cluster.clock
    }

    /// The cluster's name.
    pub fn cluster_id(&self) -> &ClusterId {
        &self.cluster.id
    }

    /// How many voters the cluster waits for before rounds may start.
    pub fn initial_members(&self) -> u32 {
        self.cluster.initial_members
    }

    /// Whether it has once had that many.
    pub fn formed(&self) -> bool {
        self.cluster.formed
    }

    /// The limits agreed at bootstrap.
    pub fn limits(&self) -> &Limits {
        &self.cluster.limits
    }

    /// All members, and the youngest of those that were removed, by id.
    pub fn members(&self) -> impl Iterator<Item = &MemberRecord> {
        self.cluster.members.values()
    }

    /// Where a member is in the cluster's life. `None` if its number was never given.
    pub fn member_state(&self, id: MemberId) -> Option<MemberState> {
        match self.member(id) {
            Some(record) => Some(record.state),
            // Removed, and its record is forgotten.
            None if (1..=self.cluster.last_member.0).contains(&id.0) => Some(MemberState::Removed),
            None => None,
        }
    }

    /// The record of a member, also if it was removed not long ago.
    pub fn member(&self, id: MemberId) -> Option<&MemberRecord> {
        self.cluster.members.get(&id)
    }

    /// The configuration in force.
    pub fn configuration(&self) -> &Configuration {
        &self.cluster.configuration
    }

    /// A round in any phase, [`Phase::Ended`] included. Calls of users want [`State::live_round`].
    pub fn round(&self, uid: RoundUid) -> Option<&Round> {
        self.rounds.get(&uid)
    }

    /// A round that was neither deleted nor expired.
    pub fn live_round(&self, uid: RoundUid) -> Option<&Round> {
        self.round(uid).filter(|round| !round.is_ended())
    }

    /// The live round of this name.
    pub fn round_by_id(&self, id: &RoundId) -> Option<&Round> {
        self.live_round(self.lookup.by_id(id)?)
    }

    /// The deleted or expired round that retires this name.
    pub fn tombstone(&self, id: &RoundId) -> Option<&Round> {
        self.round(self.lookup.by_id(id)?).filter(|round| round.is_ended())
    }

    /// All live rounds, in the order in which they were started: what users see.
    pub fn live_rounds(&self) -> impl Iterator<Item = &Round> {
        self.lookup.live().filter_map(|uid| self.round(uid))
    }

    /// All rounds that are stored, those included that were deleted or have expired and whose names are still retired.
    pub fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.rounds.values()
    }
}
