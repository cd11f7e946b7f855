//! Why a node cannot run.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::storage::StorageError;

/// Why a node cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// Another process listens there.
    #[error("{section}.addr {addr} is in use by another process; stop it or give another --{section}-addr")]
    AddressInUse {
        /// `client`, `peer` or `http`.
        section: &'static str,
        /// The address.
        addr: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {section}.addr {addr}: {source}; give another --{section}-addr")]
    Bind {
        /// `client`, `peer` or `http`.
        section: &'static str,
        /// The address.
        addr: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The data directory is in use.
    #[error(
        "data directory {} is in use by another process; stop it or give another --data-dir", .directory.display()
    )]
    DirectoryLocked {
        /// The directory.
        directory: PathBuf,
    },
    /// Nothing can be written to the data directory.
    #[error(
        "data directory {} is not writable: {source}; make it writable or give another --data-dir", .directory.display()
    )]
    DirectoryReadOnly {
        /// The directory.
        directory: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The data directory cannot be used.
    #[error("data directory {}: {source}; repair it, or give this node an empty --data-dir and replace the member with \
             silhouettectl cluster add --replaces", .directory.display())]
    Storage {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it.
        source: StorageError,
    },
    /// A server ended although nobody had asked it to.
    #[error("the server of {section}.addr ended: {why}")]
    ServerEnded {
        /// `client`, `peer` or `http`.
        section: &'static str,
        /// Why.
        why: String,
    },
    /// It was told to stop a second time, and did not finish stopping.
    #[error("a second signal, {signal}, ended the node before it had finished its calls")]
    Interrupted {
        /// `SIGTERM` or `SIGINT`.
        signal: &'static str,
    },
    /// The operating system gives no signals.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    /// The operating system gives no threads.
    #[error(
        "cannot start the threads that answer queries: {0}; allow this process more of them, or set a lower \
             retrieval.query_threads"
    )]
    Threads(io::Error),
    /// The service descriptions do not read back.
    #[error("cannot describe the services: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

impl NodeError {
    /// Of storage that cannot be opened or started from.
    pub(super) fn storage(directory: PathBuf) -> impl FnOnce(StorageError) -> Self {
        move |error| match error {
            StorageError::Locked { directory } => Self::DirectoryLocked { directory },
            StorageError::ReadOnly { directory, source } => Self::DirectoryReadOnly { directory, source },
            source => Self::Storage { directory, source },
        }
    }
}
