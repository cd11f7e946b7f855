//! What is read off the node at the moment of a scrape.

use std::fmt::Error;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

use super::process::ProcessFigures;
use crate::{
    consensus::RaftStatus,
    state::{Phase, State},
};

/// How many rounds are in each phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RoundCounts {
    pub(crate) open: u64,
    pub(crate) sealed: u64,
    pub(crate) ready: u64,
}

impl RoundCounts {
    /// Of the live rounds of a state.
    pub(crate) fn of(state: &State) -> Self {
        let mut counts = Self::default();
        for round in state.live_rounds() {
            match round.phase() {
                Phase::Open => counts.open += 1,
                Phase::Sealed(_) => counts.sealed += 1,
                Phase::Ready(_) => counts.ready += 1,
                Phase::Failed { .. } | Phase::Ended { .. } => {}
            }
        }
        counts
    }
}

/// A name, a sentence, and where it is read.
type RaftFigure = (&'static str, &'static str, fn(&RaftStatus) -> u64);

/// What a node is at the moment of a scrape. Names follow etcd's.
#[derive(Debug)]
pub(crate) struct Figures {
    /// What its consensus says, if it is a member.
    pub(crate) member: Option<RaftStatus>,
    /// Rounds of its cluster.
    pub(crate) rounds: RoundCounts,
    /// Ready rounds that it holds.
    pub(crate) held: u64,
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut sheet = Sheet { encoder };
        self.encode_rounds(&mut sheet)?;
        self.encode_raft(&mut sheet)?;
        encode_process(&mut sheet)
    }
}

impl Figures {
    fn encode_rounds(&self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        sheet.gauge("silhouette_rounds_open", "Rounds that take publications", self.rounds.open)?;
        sheet.gauge("silhouette_rounds_sealed", "Rounds that members encode", self.rounds.sealed)?;
        sheet.gauge("silhouette_rounds_ready", "Rounds that can be read", self.rounds.ready)?;
        sheet.gauge("silhouette_rounds_held", "Ready rounds whose encoding is here", self.held)
    }

    /// Zeros where the node is no member, so that every series exists from the first scrape.
    fn encode_raft(&self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        let of = |figure: fn(&RaftStatus) -> u64| self.member.as_ref().map_or(0, figure);
        let gauges: [RaftFigure; 7] = [
            ("silhouette_raft_has_leader", "Whether a leader is known", |raft| raft.leader.is_some().into()),
            ("silhouette_raft_is_leader", "Whether this member leads", |raft| raft.leads().into()),
            ("silhouette_raft_term", "The raft term", |raft| raft.term.0),
            ("silhouette_raft_log_first_index", "First index that is still in the log", |raft| raft.first_index.0),
            ("silhouette_raft_log_last_index", "Last index of the log", |raft| raft.last_index.0),
            ("silhouette_raft_proposals_pending", "Proposals that wait for their outcome", |raft| {
                raft.proposals_pending as u64
            }),
            ("silhouette_raft_unapplied_bytes", "Bytes of committed entries that wait to be applied", |raft| {
                raft.unapplied_bytes as u64
            }),
        ];
        for (name, help, figure) in gauges {
            sheet.gauge(name, help, of(figure))?;
        }
        let counters: [RaftFigure; 9] = [
            ("silhouette_raft_leader_changes_seen", "Changes of leader", |raft| raft.counters.leader_changes),
            ("silhouette_raft_proposals_committed", "Highest index known to be committed", |raft| raft.commit.0),
            ("silhouette_raft_proposals_applied", "Highest index applied", |raft| raft.applied.0),
            ("silhouette_raft_proposals_failed", "Proposals of this member that failed", |raft| {
                raft.counters.proposals_failed
            }),
            ("silhouette_raft_messages_sent", "Messages to other members", |raft| raft.counters.messages_sent),
            ("silhouette_raft_messages_received", "Messages from other members", |raft| {
                raft.counters.messages_received
            }),
            ("silhouette_raft_snapshots_installed", "Snapshots installed", |raft| raft.counters.snapshots_installed),
            ("silhouette_raft_snapshots_sent", "Snapshots sent", |raft| raft.counters.snapshots_sent),
            ("silhouette_raft_ticks_dropped", "Ticks dropped after stalls", |raft| raft.counters.ticks_dropped),
        ];
        for (name, help, figure) in counters {
            sheet.counter(name, help, of(figure))?;
        }
        Ok(())
    }
}

/// By the names that every Prometheus client library uses.
fn encode_process(sheet: &mut Sheet<'_>) -> Result<(), Error> {
    let Some(process) = ProcessFigures::read() else { return Ok(()) };
    sheet.counter("process_cpu_seconds", "Time on processors", process.cpu_seconds)?;
    sheet.gauge("process_start_time_seconds", "Start, since 1970", process.start_seconds)?;
    sheet.gauge("process_resident_memory_bytes", "Memory in use", process.resident_bytes)?;
    sheet.gauge("process_open_fds", "Open files and sockets", process.open_files)?;
    sheet.gauge("process_threads", "Threads", process.threads)
}

/// Writes one figure after another.
struct Sheet<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl Sheet<'_> {
    fn gauge<N>(&mut self, name: &str, help: &str, value: N) -> Result<(), Error>
    where
        ConstGauge<N>: EncodeMetric,
    {
        self.write(name, help, &ConstGauge::new(value))
    }

    /// The encoder adds `_total` to the name.
    fn counter<N>(&mut self, name: &str, help: &str, value: N) -> Result<(), Error>
    where
        ConstCounter<N>: EncodeMetric,
    {
        self.write(name, help, &ConstCounter::new(value))
    }

    fn write(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> Result<(), Error> {
        metric.encode(self.encoder.encode_descriptor(name, help, None, metric.metric_type())?)
    }
}
