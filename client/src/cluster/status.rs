//! A node's own view of itself.

use std::time::Duration;

use silhouette_proto::v1;

use super::{Identity, LogIndex, Term};
use crate::{Error, MemberId};

/// One reason for which a node is or is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// A stable name, such as `leader` or `rounds-held`.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// A sentence when it does not.
    pub message: String,
}

/// How far a member has replicated, as its leader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replication {
    /// The member.
    pub member: MemberId,
    /// Highest position that is known to be on its disk.
    pub matched: LogIndex,
    /// Whether it answered lately.
    pub active: bool,
    /// Ready rounds that it does not hold, by its reports.
    pub rounds_missing: u32,
    /// How long its leader has not heard of it, at most since that began to lead.
    pub silence: Duration,
    /// Whether it could be promoted, were it a learner.
    pub caught_up: bool,
}

/// A Ready round whose encoding, as a node has it, is not what the members agreed on. It is not served from what is
/// damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Degradation {
    /// The round's name.
    pub round_id: String,
    /// Its uid.
    pub round_uid: String,
    /// What is damaged, and what is done about it.
    pub message: String,
}

/// The room of the file system of a node's data directory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskSpace {
    /// What is left for the node.
    pub free_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
}

/// A node's own view of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStatus {
    /// Who it is.
    pub identity: Identity,
    /// Its term.
    pub term: Term,
    /// The leader, if it knows one.
    pub leader: Option<MemberId>,
    /// Its last log entry.
    pub last_index: LogIndex,
    /// The highest entry that it knows to be committed.
    pub commit_index: LogIndex,
    /// The highest entry that it has applied.
    pub applied_index: LogIndex,
    /// Bytes of its data directory.
    pub disk_bytes: u64,
    /// Bytes that its data directory's file system has left and has in all, if it can tell.
    pub disk_space: Option<DiskSpace>,
    /// Ready rounds that it holds.
    pub rounds_held: u32,
    /// All rounds that it knows, those that are gone excepted.
    pub rounds_known: u32,
    /// Each check of readiness.
    pub checks: Vec<Check>,
    /// Whether it is shutting down.
    pub draining: bool,
    /// How far each member has replicated; empty unless it leads.
    pub replication: Vec<Replication>,
    /// Ready rounds that less than a majority of the voters holds. A leader's word counts, others may lag.
    pub rounds_at_risk: u32,
    /// Why it serves nothing any more, as a sentence that says what to do, if so.
    pub fence: Option<String>,
    /// Rounds that are damaged there and not yet repaired.
    pub degradations: Vec<Degradation>,
}

impl NodeStatus {
    /// Whether it believes that it leads.
    pub fn leads(&self) -> bool {
        self.leader.is_some() && self.leader == self.identity.member
    }

    /// Whether it may be sent requests: every check holds.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}

/// Reads a node's view of itself off the wire.
pub(super) fn read_status(status: v1::GetStatusResponse) -> Result<NodeStatus, Error> {
    Ok(NodeStatus {
        identity: Identity::from_response(status.identity)?,
        term: Term(status.term),
        leader: MemberId::new(status.leader_id),
        last_index: LogIndex(status.last_index),
        commit_index: LogIndex(status.commit_index),
        applied_index: LogIndex(status.applied_index),
        disk_bytes: status.disk_bytes,
        disk_space: (status.disk_total_bytes > 0)
            .then_some(DiskSpace { free_bytes: status.disk_free_bytes, total_bytes: status.disk_total_bytes }),
        rounds_held: status.rounds_held,
        rounds_known: status.rounds_known,
        checks: status.checks.into_iter().map(read_check).collect(),
        draining: status.draining,
        replication: status.progress.iter().filter_map(read_replication).collect(),
        rounds_at_risk: status.rounds_at_risk,
        fence: Some(status.fence).filter(|fence| !fence.is_empty()),
        degradations: status.degradations.into_iter().map(read_degradation).collect(),
    })
}

/// Reads a check off the wire.
pub(super) fn read_check(check: v1::Check) -> Check {
    Check { name: check.name, ok: check.ok, message: check.message }
}

fn read_degradation(degradation: v1::Degradation) -> Degradation {
    Degradation { round_id: degradation.round_id, round_uid: degradation.round_uid, message: degradation.message }
}

fn read_replication(progress: &v1::Progress) -> Option<Replication> {
    Some(Replication {
        member: MemberId::new(progress.member_id)?,
        matched: LogIndex(progress.matched_index),
        active: progress.active,
        rounds_missing: progress.rounds_missing,
        silence: Duration::from_millis(progress.silent_ms),
        caught_up: progress.caught_up,
    })
}
