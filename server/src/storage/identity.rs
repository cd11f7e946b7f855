//! Whose data directory this is: a small file, written whole, synced and renamed.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::StorageError;
use crate::ids::{ClusterId, InstanceId, MemberId};

/// Name of the file in the data directory.
const FILE: &str = "identity.json";

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
        let path = directory.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(StorageError::damaged("identity")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::file("read", path)(error)),
        }
    }

    /// Writes the file so that a crash leaves either the old or the new one.
    pub(super) fn write(&self, directory: &Path) -> Result<(), StorageError> {
        let path = directory.join(FILE);
        let staged = directory.join("identity.json.new");
        let bytes = serde_json::to_vec_pretty(self).map_err(StorageError::damaged("identity"))?;
        let write = || {
            let mut file = File::create(&staged)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&staged, &path)?;
            File::open(directory)?.sync_all()
        };
        write().map_err(StorageError::file("write", path.clone()))
    }
}
