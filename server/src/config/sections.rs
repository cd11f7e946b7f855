//! The keys of the configuration file, each with its default.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::duration;
use crate::{consensus::RaftSettings, state::Limits, transport::TransportSettings};

/// The whole configuration of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
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
    /// When `/ready` says so.
    pub readiness: ReadinessSection,
    /// When `/health` says so.
    pub liveness: LivenessSection,
    /// How the node stops.
    pub shutdown: ShutdownSection,
    /// What is logged.
    pub log: LogSection,
}

/// The data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct StorageSection {
    /// The directory; made if it is missing. Required.
    pub data_dir: Option<PathBuf>,
}

/// An address to listen on, and what others are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSection<const PORT: u16> {
    /// IP address and port to listen on; port 0 takes a free one.
    #[serde(default = "loopback::<PORT>")]
    pub addr: SocketAddr,
    /// `host:port` under which others reach it. Default: `addr`.
    pub advertise_addr: Option<String>,
}

impl<const PORT: u16> Default for EndpointSection<PORT> {
    fn default() -> Self {
        Self { addr: loopback::<PORT>(), advertise_addr: None }
    }
}

/// Serde takes no default of a type that is generic over a number, hence one of its field.
fn loopback<const PORT: u16>() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], PORT))
}

/// Agreement among members. All members should have the same times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RaftSection {
    /// The unit of raft's time.
    #[serde(with = "duration")]
    pub tick: Duration,
    /// Ticks without a leader before a voter campaigns; at random up to twice as many.
    pub election_ticks: usize,
    /// Ticks between a leader's heartbeats.
    pub heartbeat_ticks: usize,
    /// The log is compacted once its applied part holds this many bytes ..
    pub compact_bytes: u64,
    /// .. or this many entries ..
    pub compact_entries: u64,
    /// .. and then keeps this many for members that lag a little.
    pub keep_entries: u64,
    /// A learner may be promoted when it lags by at most this many entries.
    pub promote_lag: u64,
    /// A snapshot's transfer that made no progress for so long has failed.
    #[serde(with = "duration")]
    pub snapshot_idle: Duration,
    /// A linearizable read is given up after so long without a leader.
    #[serde(with = "duration")]
    pub read_timeout: Duration,
    /// An attempt to connect to another node fails after so long.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// Pause before the next attempt.
    #[serde(with = "duration")]
    pub retry_pause: Duration,
}

impl Default for RaftSection {
    fn default() -> Self {
        let (raft, transport) = (RaftSettings::default(), TransportSettings::default());
        Self {
            tick: raft.tick,
            election_ticks: raft.election_ticks,
            heartbeat_ticks: raft.heartbeat_ticks,
            compact_bytes: raft.compact_bytes,
            compact_entries: raft.compact_entries,
            keep_entries: raft.keep_entries,
            promote_lag: raft.promote_lag,
            snapshot_idle: raft.snapshot_idle,
            read_timeout: raft.read_timeout,
            connect_timeout: transport.connect_timeout,
            retry_pause: transport.retry_pause,
        }
    }
}

impl RaftSection {
    /// For [`Consensus::start`](crate::consensus::Consensus::start).
    pub fn settings(&self) -> RaftSettings {
        RaftSettings {
            tick: self.tick,
            election_ticks: self.election_ticks,
            heartbeat_ticks: self.heartbeat_ticks,
            compact_bytes: self.compact_bytes,
            compact_entries: self.compact_entries,
            keep_entries: self.keep_entries,
            promote_lag: self.promote_lag,
            snapshot_idle: self.snapshot_idle,
            read_timeout: self.read_timeout,
            ..RaftSettings::default()
        }
    }

    /// For [`Transport::new`](crate::transport::Transport::new).
    pub fn transport(&self) -> TransportSettings {
        TransportSettings { connect_timeout: self.connect_timeout, retry_pause: self.retry_pause }
    }
}

/// Memory offered to rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct MemorySection {
    /// Bytes of memory offered to rounds; a cluster admits what its least member offers. Default: 70 % of the
    /// control group's limit, or of the machine's memory.
    pub budget_bytes: Option<u64>,
}

/// Encoding of rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct EncodingSection {
    /// Threads of one encode. Default: one a core. Never more than `rounds.encoding_threads` of the cluster.
    pub threads: Option<u32>,
}

/// Streams of publications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublishingSection {
    /// Chunks of one stream that may wait to become durable at a time.
    pub window_chunks: usize,
}

impl Default for PublishingSection {
    fn default() -> Self {
        Self { window_chunks: 8 }
    }
}

/// Streams of changes of rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchingSection {
    /// Shortest time between two events of a stream; changes in between become one event.
    #[serde(with = "duration")]
    pub pause: Duration,
}

impl Default for WatchingSection {
    fn default() -> Self {
        Self { pause: Duration::from_millis(20) }
    }
}

/// Private queries and downloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrievalSection {
    /// Queries answered at a time. Default: one a core.
    pub query_threads: Option<usize>,
    /// Bytes of one part of a hint or an encoding.
    pub part_bytes: usize,
}

impl Default for RetrievalSection {
    fn default() -> Self {
        Self { query_threads: None, part_bytes: 256 << 10 }
    }
}

/// When `/ready` says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadinessSection {
    /// A leader must have been heard within so long.
    #[serde(with = "duration")]
    pub leader_silence: Duration,
    /// What is known to be committed must be applied within so long.
    #[serde(with = "duration")]
    pub apply_lag: Duration,
    /// How long a check that may recover must fail before the node is not ready.
    #[serde(with = "duration")]
    pub fail_hold: Duration,
    /// How long all such checks must hold before it is ready again.
    #[serde(with = "duration")]
    pub return_hold: Duration,
    /// How long after a round became Ready this node may still be without it.
    #[serde(with = "duration")]
    pub new_round_grace: Duration,
    /// How often the checks are made.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// How often a small file is written to see whether the disk takes writes.
    #[serde(with = "duration")]
    pub disk_interval: Duration,
}

impl Default for ReadinessSection {
    fn default() -> Self {
        Self {
            leader_silence: Duration::from_secs(3),
            apply_lag: Duration::from_secs(5),
            fail_hold: Duration::from_secs(10),
            return_hold: Duration::from_secs(2),
            new_round_grace: Duration::from_mins(1),
            interval: Duration::from_millis(100),
            disk_interval: Duration::from_secs(5),
        }
    }
}

/// When `/health` says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LivenessSection {
    /// The raft thread must have ticked within so long. Far more than one slow sync of a disk.
    #[serde(with = "duration")]
    pub stall: Duration,
}

impl Default for LivenessSection {
    fn default() -> Self {
        Self { stall: Duration::from_mins(1) }
    }
}

/// How the node stops when it is told to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShutdownSection {
    /// How long it goes on serving while `/ready` already says no, so that balancers notice.
    #[serde(with = "duration")]
    pub drain_delay: Duration,
    /// How long handing over leadership may take.
    #[serde(with = "duration")]
    pub transfer_timeout: Duration,
    /// How long calls in flight may take to finish.
    #[serde(with = "duration")]
    pub grace: Duration,
}

impl Default for ShutdownSection {
    fn default() -> Self {
        Self {
            drain_delay: Duration::from_secs(5),
            transfer_timeout: Duration::from_secs(5),
            grace: Duration::from_secs(20),
        }
    }
}

/// What is logged, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// How lines look.
    pub format: LogFormat,
    /// Which are written: a level, or a filter such as `info,silhouette_server::consensus=debug`. The environment's
    /// `RUST_LOG` is taken instead if it is set, and `--log-level` over both.
    pub level: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned() }
    }
}

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Compact on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Compact,
    /// One document a line.
    Json,
}
