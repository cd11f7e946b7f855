//! The open data directory.

use std::{path::Path, sync::Arc, time::Duration};

use super::{Identity, StorageError};
use crate::ids::RoundUid;

/// An open data directory. One a process and directory: a second is refused.
pub struct Store {}

impl Store {
    /// Opens `directory`, making it if it is missing, and finishes what a crash interrupted.
    pub fn open(directory: &Path) -> Result<Self, StorageError> {
        todo!()
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        todo!()
    }

    /// Whose directory it is.
    pub fn identity(&self) -> Identity {
        todo!()
    }

    /// Bytes of all files in the directory.
    pub fn disk_bytes(&self) -> u64 {
        todo!()
    }

    /// Writes, syncs and removes a small file, to see whether the disk still takes writes. Blocks.
    pub fn check_writable(&self) -> Result<(), StorageError> {
        todo!()
    }

    /// Whether the key of a round exists: the round's secrets can still be read here.
    pub fn has_round_key(&self, uid: RoundUid) -> bool {
        todo!()
    }

    /// Calls `observer` with the duration of each synced write. Once.
    pub fn observe_syncs(&self, observer: Arc<dyn Fn(Duration) + Send + Sync>) {
        todo!()
    }
}
