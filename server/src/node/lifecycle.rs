//! A node's place in its own life.

use std::sync::Arc;

use crate::{consensus::Consensus, encoding::Encodings, ids::MemberId, storage::Store};

/// The running parts of a node that belongs to a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Member {
    /// Its part in the cluster's agreement.
    pub consensus: Consensus,
    /// The encodings that it holds.
    pub encodings: Encodings,
}

/// A node's place in its own life.
#[derive(Clone)]
pub(super) enum Lifecycle {
    /// Its storage is not open yet.
    Starting,
    /// It belongs to no cluster.
    Uninitialised(Arc<Store>),
    /// It is a member, and takes part.
    Member(Arc<Store>, Member),
    /// It was a member, and takes part no more.
    Removed(Arc<Store>, MemberId),
}

impl Lifecycle {
    /// The open data directory.
    pub(super) fn store(&self) -> Option<&Arc<Store>> {
        match self {
            Self::Starting => None,
            Self::Uninitialised(store) | Self::Member(store, _) | Self::Removed(store, _) => Some(store),
        }
    }

    /// The running member.
    pub(super) fn member(&self) -> Option<&Member> {
        match self {
            Self::Member(_, member) => Some(member),
            _ => None,
        }
    }
}
