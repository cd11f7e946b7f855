//! How members reach each other: outgoing connections per peer, and the inbound `Raft` service.
//!
//! Control messages, appended entries and bulk traffic (snapshots, encodings, reports) use separate connections, so
//! that a heartbeat never waits behind a snapshot.

mod outgoing;
mod service;
pub(crate) mod snapshot_digest;

pub use outgoing::{BulkPeer, Transport, TransportSettings};
pub use service::{EncodingSource, EncodingStream, RaftService};
