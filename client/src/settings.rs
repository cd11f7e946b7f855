//! What a client may be told about time and size, with defaults.

use std::time::Duration;

use crate::Agreement;

/// Every knob of a client.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How long a call goes on trying without any progress.
    pub(crate) timeout: Duration,
    /// How long one node may stay silent before another is asked.
    pub(crate) attempt_timeout: Duration,
    /// How long a connection may take.
    pub(crate) connect_timeout: Duration,
    /// First pause after every node was asked in vain.
    pub(crate) first_pause: Duration,
    /// Longest pause.
    pub(crate) longest_pause: Duration,
    /// Whether members that nobody named are found and used.
    pub(crate) discover_members: bool,
    /// After how long without a change a watch goes on at another node: the one it has may be cut off from the rest.
    pub(crate) watch_refresh: Duration,
    /// Bytes of pairs in a chunk, about.
    pub(crate) chunk_bytes: usize,
    /// Chunks that are sent before the first of them is durable.
    pub(crate) chunks_in_flight: usize,
    /// Queries that are under way at once.
    pub(crate) queries_in_flight: usize,
    /// How many nodes must describe a round alike before it is read.
    pub(crate) agreement: Agreement,
    /// Rounds whose hint or encoding is kept.
    pub(crate) rounds_kept: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Two elections and then some.
            timeout: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            first_pause: Duration::from_millis(50),
            // An election takes about as long.
            longest_pause: Duration::from_secs(1),
            discover_members: true,
            watch_refresh: Duration::from_secs(15),
            chunk_bytes: 256 << 10,
            // 2 MiB: a few round trips' worth on a local network.
            chunks_in_flight: 8,
            queries_in_flight: 4,
            agreement: Agreement::AnyNode,
            // A computation reads the last round, seldom the one before.
            rounds_kept: 4,
        }
    }
}
