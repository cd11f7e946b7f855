//! A member's part in the cluster's agreement.

use std::{collections::BTreeMap, fmt::Error};

use super::Sheet;
use crate::{
    consensus::{AppliedCounts, RaftStatus},
    state::Command,
};

/// A name, a sentence, and where it is read.
type Figure = (&'static str, &'static str, fn(&RaftStatus) -> u64);

const GAUGES: [Figure; 9] = [
    ("silhouette_raft_has_leader", "Whether a leader is known", |raft| raft.leader.is_some().into()),
    ("silhouette_raft_is_leader", "Whether this member leads", |raft| raft.leads().into()),
    ("silhouette_raft_term", "The raft term", |raft| raft.term.0),
    ("silhouette_raft_log_first_index", "First index that is still in the log", |raft| raft.first_index.0),
    ("silhouette_raft_log_last_index", "Last index of the log", |raft| raft.last_index.0),
    ("silhouette_raft_proposals_pending", "Proposals that wait for their outcome", |raft| {
        raft.proposals_pending as u64
    }),
    ("silhouette_raft_apply_pending", "Entries that are committed and not applied here yet", |raft| {
        raft.commit.0.saturating_sub(raft.applied.0)
    }),
    ("silhouette_raft_unapplied_bytes", "Bytes of committed entries that wait to be applied", |raft| {
        raft.unapplied_bytes as u64
    }),
    ("silhouette_raft_storage_failed", "Whether this member stopped serving because its storage failed", |raft| {
        raft.storage_fault.is_some().into()
    }),
];

const COUNTERS: [Figure; 10] = [
    ("silhouette_raft_leader_changes_seen", "Changes of leader", |raft| raft.counters.leader_changes),
    ("silhouette_raft_proposals_committed", "Highest index known to be committed", |raft| raft.commit.0),
    ("silhouette_raft_proposals_applied", "Highest index applied", |raft| raft.applied.0),
    ("silhouette_raft_proposals_failed", "Proposals of this member that failed", |raft| raft.counters.proposals_failed),
    ("silhouette_raft_entries_appended", "Entries appended to the log", |raft| raft.counters.entries_appended),
    ("silhouette_raft_messages_sent", "Messages to other members", |raft| raft.counters.messages_sent),
    ("silhouette_raft_messages_received", "Messages from other members", |raft| raft.counters.messages_received),
    ("silhouette_raft_snapshots_installed", "Snapshots installed", |raft| raft.counters.snapshots_installed),
    ("silhouette_raft_snapshots_sent", "Snapshots sent", |raft| raft.counters.snapshots_sent),
    ("silhouette_raft_ticks_dropped", "Ticks dropped after stalls", |raft| raft.counters.ticks_dropped),
];

/// What a member's consensus says.
pub(super) fn encode(member: Option<&RaftStatus>, sheet: &mut Sheet<'_>) -> Result<(), Error> {
    for (name, help, figure) in GAUGES {
        sheet.gauge(name, help, member.map_or(0, figure))?;
    }
    for (name, help, figure) in COUNTERS {
        sheet.counter(name, help, member.map_or(0, figure))?;
    }
    let lags = member.iter().flat_map(|raft| {
        raft.progress.iter().map(|other| (other.member.to_string(), raft.last_index.0.saturating_sub(other.matched.0)))
    });
    let lags: Vec<(String, u64)> = lags.collect();
    sheet.gauges(
        "silhouette_raft_peer_lag_entries",
        "On a leader: entries that another member does not have yet",
        lags.iter().map(|(member, lag)| ([("member", member.as_str())], *lag)),
    )
}

/// What a member has applied.
pub(super) fn encode_applied(applied: &AppliedCounts, sheet: &mut Sheet<'_>) -> Result<(), Error> {
    let mut counts: BTreeMap<_, _> = Command::KINDS.into_iter().map(|kind| (kind, (0, 0))).collect();
    counts.extend(applied.entries());
    let series = counts.into_iter().flat_map(|(kind, (accepted, rejected))| {
        [
            ([("command", kind), ("outcome", "accepted")], accepted),
            ([("command", kind), ("outcome", "rejected")], rejected),
        ]
    });
    sheet.counters("silhouette_raft_entries_applied", "Entries applied here, by command and outcome", series)?;
    sheet.write(
        "silhouette_raft_apply_duration_seconds",
        "From the first entry of a batch to its write, in the apply thread",
        applied.batches(),
    )
}
