//! The encodings of rounds, as this member makes, fetches, stores and serves them.

mod held;

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc, time::Duration};

pub use held::HeldRound;
use silhouette_proto::v1::FetchEncodingRequest;
use tokio::sync::watch;
use tonic::Status;

use crate::{
    consensus::Consensus,
    ids::RoundUid,
    storage::StorageError,
    transport::{EncodingSource, EncodingStream},
};

/// How encodings are made and sent.
#[derive(Clone)]
pub struct EncodingSettings {
    /// Threads of one encode.
    pub threads: NonZeroUsize,
    /// Bytes of one part of a file sent to a peer.
    pub part_bytes: usize,
    /// Told how long each encode took, hint included.
    pub observe_encode: Arc<dyn Fn(Duration) + Send + Sync>,
}

/// The encodings that this member holds, and the threads that bring them here. Cheap to clone.
#[derive(Clone)]
pub struct Encodings {}

impl Encodings {
    /// Loads what is stored, newest first, and starts to encode, fetch and report. Within a tokio runtime.
    pub fn start(consensus: Consensus, settings: EncodingSettings) -> Result<Self, StorageError> {
        todo!()
    }

    /// A Ready round whose agreed encoding is held here.
    pub fn get(&self, uid: RoundUid) -> Option<Arc<HeldRound>> {
        todo!()
    }

    /// The Ready rounds held here, as they change.
    pub fn held(&self) -> watch::Receiver<Arc<BTreeSet<RoundUid>>> {
        todo!()
    }

    /// Stops the threads.
    pub async fn stop(self) {
        todo!()
    }
}

impl EncodingSource for Encodings {
    fn fetch(&self, request: FetchEncodingRequest) -> Result<EncodingStream, Status> {
        todo!()
    }
}
