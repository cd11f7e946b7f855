//! One node of Silhouette.
//!
//! A pure replicated state machine ([`state`]) is driven by raft ([`consensus`]) over a data directory ([`storage`])
//! and connections to peers ([`transport`]). Sealed rounds are encoded, fetched and held by [`encoding`]. [`service`]
//! answers calls, [`readiness`] decides whether the node may be sent any, and [`node`] puts all of it together from a
//! [`config`].

pub mod allocator;
mod around;
pub mod config;
pub mod consensus;
mod duties;
pub mod encoding;
pub mod fence;
mod http;
pub mod ids;
mod limits;
pub mod node;
pub mod readiness;
mod sealing;
pub mod service;
pub mod state;
pub mod storage;
pub mod telemetry;
pub mod transport;
