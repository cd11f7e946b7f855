//! What is read off the node at the moment of a scrape. Names follow etcd's where it has them.
//!
//! Where the node is no member, or its disk is not open yet, figures are zero, so that every series exists from the
//! first scrape.

mod database;
mod disk;
mod encodings;
mod memory;
mod process;
mod raft;
mod rounds;
mod sheet;

use std::fmt::Error;

pub(crate) use database::DatabaseFigures;
pub(crate) use disk::DiskFigures;
pub(crate) use encodings::EncodingFigures;
pub(crate) use memory::MemoryFigures;
use process::ProcessFigures;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};
pub(crate) use rounds::RoundFigures;
use sheet::Sheet;

use crate::consensus::{AppliedCounts, RaftStatus};

/// What a node is at the moment of a scrape.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Whether it may be sent requests.
    pub(crate) ready: bool,
    /// What its consensus says, if it is a member.
    pub(crate) raft: Option<RaftStatus>,
    /// What it has applied.
    pub(crate) applied: AppliedCounts,
    /// Rounds of its cluster.
    pub(crate) rounds: RoundFigures,
    /// Encodings that it holds and has still to make.
    pub(crate) encodings: EncodingFigures,
    /// Memory that is promised.
    pub(crate) memory: MemoryFigures,
    /// The disk that its directory is on.
    pub(crate) disk: DiskFigures,
    /// Its database.
    pub(crate) database: DatabaseFigures,
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut sheet = Sheet { encoder };
        sheet.gauge(
            "silhouette_ready",
            "Whether the node may be sent requests, as /ready says",
            u64::from(self.ready),
        )?;
        self.rounds.encode(&mut sheet)?;
        self.encodings.encode(&mut sheet)?;
        self.memory.encode(&mut sheet)?;
        raft::encode(self.raft.as_ref(), &mut sheet)?;
        raft::encode_applied(&self.applied, &mut sheet)?;
        self.disk.encode(&mut sheet)?;
        self.database.encode(&mut sheet)?;
        ProcessFigures::read().map_or(Ok(()), |process| process.encode(&mut sheet))
    }
}
