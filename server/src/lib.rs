//! One node of Silhouette.
//!
//! A pure replicated state machine ([`state`]) is driven by raft ([`consensus`]) over a data directory ([`storage`])
//! and connections to peers ([`transport`]).

pub mod consensus;
pub mod ids;
pub mod state;
pub mod storage;
pub mod transport;
