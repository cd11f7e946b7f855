//! A member's part in the cluster's agreement: the raft thread, the apply thread, and the handle through which all
//! else proposes and reads.
//!
//! ```text
//!   handle ──inputs──> raft thread ──tasks──> apply thread ──> state, disk, waiting calls
//!                        ^    │                    │
//!           messages ────┘    └──> log, messages   └──progress──> raft thread
//! ```
//!
//! # Invariants
//! - The raft thread alone changes the log, or the apply thread while the raft thread waits for it.
//! - The apply thread never waits for the raft thread.
//! - The log is compacted past a shredded round's last entry before the round's key is destroyed.

mod applied_counts;
mod apply_thread;
mod backlog;
pub(crate) mod clock;
mod compaction;
mod configuration_log;
mod entry;
mod error;
mod fairness;
mod fencing;
mod founding;
mod handle;
mod install;
mod logger;
mod membership;
mod messages;
mod network;
mod pending;
mod raft_storage;
mod raft_thread;
mod reads;
mod settings;
mod snapshots;
mod starting;
mod status;

#[cfg(test)]
pub(crate) mod tests;

pub use applied_counts::AppliedCounts;
pub use configuration_log::LoggedChange;
pub use error::ProposeError;
pub use handle::{Consensus, Submitted};
pub use settings::RaftSettings;
pub(crate) use snapshots::Prepared;
pub use status::{Counters, MemberProgress, RaftStatus, Role};
