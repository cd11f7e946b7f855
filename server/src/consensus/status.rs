//! What a member's consensus says about itself.

use std::time::{Duration, Instant};

use crate::ids::{LogIndex, MemberId, Term};

/// A member's part in the present term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Replicates what a leader sends.
    Follower,
    /// Asks whether it would be elected.
    PreCandidate,
    /// Asks to be elected.
    Candidate,
    /// Leads.
    Leader,
}

/// How far a member has replicated, as its leader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberProgress {
    /// The member.
    pub member: MemberId,
    /// Highest index known to be on its disk.
    pub matched: LogIndex,
    /// Whether it answered within the last election timeout.
    pub active: bool,
    /// Whether its log is near enough for it to be promoted.
    pub keeps_up: bool,
    /// How long it has not been heard of, at most since it became a member and its leader began to lead.
    pub silence: Duration,
    /// Whether it is being sent a snapshot.
    pub snapshot: bool,
}

/// Monotonic counts since start, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Proposals that waited here for their outcome and were applied.
    pub proposals_applied: u64,
    /// Proposals of this member that failed: dropped, refused or of unknown outcome.
    pub proposals_failed: u64,
    /// Changes of leader seen.
    pub leader_changes: u64,
    /// Messages handed to the transport.
    pub messages_sent: u64,
    /// Messages stepped.
    pub messages_received: u64,
    /// Entries appended to the log.
    pub entries_appended: u64,
    /// Snapshots installed here.
    pub snapshots_installed: u64,
    /// Snapshots announced to others.
    pub snapshots_sent: u64,
    /// Ticks dropped after stalls.
    pub ticks_dropped: u64,
}

/// What a member's consensus says about itself; published at every change and at every tick.
#[derive(Debug, Clone)]
pub struct RaftStatus {
    /// Its part in the term.
    pub role: Role,
    /// The term.
    pub term: Term,
    /// Who leads, if known: its last message is at most two election timeouts old.
    pub leader: Option<MemberId>,
    /// Highest index known to be committed.
    pub commit: LogIndex,
    /// Highest index applied.
    pub applied: LogIndex,
    /// Index of the last log entry.
    pub last_index: LogIndex,
    /// First index still in the log.
    pub first_index: LogIndex,
    /// Whether an entry of the present term has been applied here.
    pub own_term_applied: bool,
    /// Whether the configuration is a joint one.
    pub joint: bool,
    /// When a message of the present term's leader last arrived (on a leader: when it last ticked); `None` before.
    pub leader_heard: Option<Instant>,
    /// When the raft thread last ticked.
    pub ticked: Instant,
    /// Why this member stopped serving, if its storage failed.
    pub storage_fault: Option<String>,
    /// Whether this member was removed from the cluster.
    pub removed: bool,
    /// On a leader: every other member.
    pub progress: Vec<MemberProgress>,
    /// Proposals that wait for their outcome.
    pub proposals_pending: usize,
    /// Bytes of committed entries that wait to be applied.
    pub unapplied_bytes: usize,
    /// Counts for metrics.
    pub counters: Counters,
}

impl RaftStatus {
    /// The status before the raft thread first ran.
    pub(crate) fn initial(applied: LogIndex) -> Self {
        Self {
            role: Role::Follower,
            term: Term(0),
            leader: None,
            commit: applied,
            applied,
            last_index: applied,
            first_index: LogIndex(applied.0 + 1),
            own_term_applied: false,
            joint: false,
            leader_heard: None,
            ticked: Instant::now(),
            storage_fault: None,
            removed: false,
            progress: Vec::new(),
            proposals_pending: 0,
            unapplied_bytes: 0,
            counters: Counters::default(),
        }
    }

    /// Whether this member leads.
    pub fn leads(&self) -> bool {
        self.role == Role::Leader
    }
}
