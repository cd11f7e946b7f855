//! The keys of the configuration file, each with its default. A section is a file.

mod encoding;
mod endpoint;
mod limits;
mod liveness;
mod log;
mod memory;
mod publishing;
mod raft;
mod readiness;
mod retrieval;
mod shutdown;
mod storage;
mod watching;

pub use encoding::EncodingSection;
pub use endpoint::EndpointSection;
pub use limits::LimitsSection;
pub use liveness::LivenessSection;
pub use log::{LogFormat, LogSection};
pub use memory::MemorySection;
pub use publishing::PublishingSection;
pub use raft::RaftSection;
pub use readiness::ReadinessSection;
pub use retrieval::RetrievalSection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use shutdown::ShutdownSection;
pub use storage::StorageSection;
pub use watching::WatchingSection;

use crate::state::Limits;

/// The whole configuration of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// Its name for people. Default: the host's name and the client port.
    pub name: Option<String>,
    /// Whether it may listen on addresses other than loopback, without TLS.
    pub insecure: bool,
    /// The data directory.
    pub storage: StorageSection,
    /// Where clients and administrators reach it.
    pub client: EndpointSection<7601>,
    /// Where other members reach it.
    pub peer: EndpointSection<7602>,
    /// Where probes and metrics are served.
    pub http: EndpointSection<7603>,
    /// Agreement among members.
    pub raft: RaftSection,
    /// Limits of rounds. They are agreed when a cluster is bootstrapped, at the node that is asked to; elsewhere and
    /// later they are not looked at.
    pub rounds: Limits,
    /// Memory offered to rounds.
    pub memory: MemorySection,
    /// Encoding of rounds.
    pub encoding: EncodingSection,
    /// Streams of publications.
    pub publishing: PublishingSection,
    /// Streams of changes of rounds.
    pub watching: WatchingSection,
    /// Private queries and downloads.
    pub retrieval: RetrievalSection,
    /// What the node takes from its clients at a time.
    pub limits: LimitsSection,
    /// When `/ready` says so.
    pub readiness: ReadinessSection,
    /// When `/health` says so.
    pub liveness: LivenessSection,
    /// How the node stops.
    pub shutdown: ShutdownSection,
    /// What is logged.
    pub log: LogSection,
}

impl Configuration {
    /// All keys with their values, as a document.
    pub(super) fn to_value(&self) -> Value {
        // Cannot fail but for a path that is not text, which no layer takes.
        serde_json::to_value(self).unwrap_or_default()
    }
}
