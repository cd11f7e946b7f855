//! How members reach each other: outgoing connections per peer, and the inbound `Raft` service.
//!
//! Control messages, appended entries and bulk traffic (snapshots, encodings, reports) use separate connections, so
//! that a heartbeat never waits behind a snapshot. Nothing here blocks the raft thread: what does not fit a queue is
//! dropped and told, and raft sends it again.

mod codec;
mod header;
mod lane;
mod outgoing;
mod peer;
mod service;
mod settings;
pub(crate) mod snapshot_digest;
mod snapshot_stream;

#[cfg(test)]
mod tests;

pub use outgoing::Transport;
pub use peer::BulkPeer;
pub use service::{EncodingSource, EncodingStream, RaftService};
pub use settings::TransportSettings;

/// The largest message that a peer may send: a batch of raft messages, or one entry larger than a batch, with room.
const MAX_MESSAGE_BYTES: usize = 32 << 20;
