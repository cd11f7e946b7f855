//! Whose data directory this is: a small file, written whole, synced and renamed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{StorageError, small_file};
use crate::ids::{ClusterId, InstanceId, MemberId};

/// Name of the file in the data directory.
const FILE: &str = "identity.json";

/// What the record is called in errors.
const RECORD: &str = "identity";

/// Whose data directory this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state", deny_unknown_fields)]
pub enum Identity {
    /// Nobody's yet.
    Uninitialised {
        /// Drawn when the directory was first used.
        instance: InstanceId,
    },
    /// A member's.
    Member {
        /// Drawn when the directory was first used.
        instance: InstanceId,
        /// Its cluster.
        cluster: ClusterId,
        /// Its number.
        id: MemberId,
        /// Whether it was removed from the cluster: it never takes part again.
        removed: bool,
    },
}

impl Identity {
    /// The directory's own random number.
    pub fn instance(&self) -> InstanceId {
        match self {
            Self::Uninitialised { instance } | Self::Member { instance, .. } => *instance,
        }
    }

    /// A new directory's identity.
    pub(super) fn draw() -> Result<Self, StorageError> {
        let mut instance = [0; 16];
        getrandom::fill(&mut instance).map_err(StorageError::Randomness)?;
        Ok(Self::Uninitialised { instance: InstanceId(instance) })
    }

    /// Reads the file; `None` if there is none.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, StorageError> {
        small_file::read(directory, FILE, RECORD)
    }

    /// Writes the file so that a crash leaves either the old or the new one.
    pub(super) fn write(&self, directory: &Path) -> Result<(), StorageError> {
        small_file::write(directory, FILE, RECORD, self)
    }
}
