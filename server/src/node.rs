//! A running node: storage, membership, servers, probes, shutdown.

mod handle;

pub use handle::{Member, NodeHandle};
