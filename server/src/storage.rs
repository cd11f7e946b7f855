//! A member's data directory: identity, keys, and a `RocksDB` with the raft log and the replicated state.
//!
//! ```text
//! <data-dir>/
//!   lock            held while open
//!   identity.json   whose directory it is
//!   fence.json      why its member serves nothing any more, if so
//!   keys/<uid>      32 random bytes a round, destroyed by Shred
//!   db/             RocksDB: column families log, raft, rounds, chunks
//! ```
//!
//! Invariants:
//! * a round's key is on disk before the first log entry of that round;
//! * what a round must keep secret (pairs, cell seeds, digests of publications) is in the database only sealed with
//!   that key, in log and state alike;
//! * the replicated state and the index through which it was applied are written together.

mod database;
mod disk_space;
mod error;
mod fencing;
mod identity;
mod keyring;
mod log;
mod record;
mod replica;
mod round_key;
mod small_file;
mod status;
mod store;

#[cfg(test)]
mod tests;

pub use disk_space::DiskSpace;
pub use error::StorageError;
pub use identity::Identity;
pub use status::DatabaseStatus;
pub use store::Store;

pub(crate) use log::RaftLog;
pub(crate) use record::changes_configuration;
pub(crate) use replica::{Loaded, StateBatch, readable};
