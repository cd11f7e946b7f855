//! Why the data directory cannot be used.

use std::{io, path::PathBuf};

use crate::ids::{LogIndex, RoundUid};

/// Why the data directory cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Another process, or another [`Store`](super::Store) of this one, has it open.
    #[error("data directory {directory} is in use by another process")]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// Nothing can be written there.
    #[error("data directory {directory} is not writable: {source}")]
    ReadOnly {
        /// The directory.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file operation failed.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// A verb.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The database refused an operation.
    #[error("cannot {action} the database: {source}")]
    Database {
        /// A verb.
        action: &'static str,
        /// What the database said.
        source: rocksdb::Error,
    },
    /// A stored record does not read back.
    #[error("stored {record} is damaged: {why}")]
    Damaged {
        /// Which kind of record.
        record: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A sealed record cannot be opened: its round's key is gone or another.
    #[error("stored {record} of round {uid} cannot be opened")]
    Sealed {
        /// Which kind of record.
        record: &'static str,
        /// The round.
        uid: RoundUid,
    },
    /// The key of a round was destroyed and may not be made anew.
    #[error("the key of round {uid} is destroyed")]
    KeyDestroyed {
        /// The round.
        uid: RoundUid,
    },
    /// A chunk that the state names is not stored.
    #[error("chunk {sequence} of round {uid} is not stored")]
    ChunkMissing {
        /// The round.
        uid: RoundUid,
        /// The chunk's number.
        sequence: u64,
    },
    /// An append would leave a gap in the log.
    #[error("log entry {found} does not follow entry {last}")]
    Gap {
        /// Its index.
        found: LogIndex,
        /// Index of the last entry.
        last: LogIndex,
    },
    /// The directory belongs to a member of another cluster, or to another member.
    #[error("data directory belongs to {found}, not to {wanted}")]
    OtherIdentity {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Randomness(getrandom::Error),
    /// The replicated state does not read back.
    #[error("stored state is damaged: {0}")]
    State(String),
}

impl StorageError {
    /// Whether something stored is not what was written: reading it again gives nothing better. (A disk that is full or
    /// cannot be read at all may recover.)
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Sealed { .. } | Self::ChunkMissing { .. } | Self::State(_) => true,
            Self::Database { source, .. } => source.kind() == rocksdb::ErrorKind::Corruption,
            _ => false,
        }
    }

    /// For `map_err` on file operations.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// For `map_err` on database operations.
    pub(crate) fn database(action: &'static str) -> impl FnOnce(rocksdb::Error) -> Self {
        move |source| Self::Database { action, source }
    }

    /// For `map_err` on decoding.
    pub(crate) fn damaged<E: std::fmt::Display>(record: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Damaged { record, why: error.to_string() }
    }
}
