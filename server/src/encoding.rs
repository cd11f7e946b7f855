//! The encodings of rounds, as this member makes, fetches, stores and serves them.
//!
//! ```text
//!   state ──view──> work (pure) ──┬──> encoder   one thread, one round at a time, in seal order
//!     ^                  ^        ├──> fetcher   Ready rounds that this member has not, from whoever holds them
//!     │ applied          │ made,  └──> reporter  what the state does not say of this member yet
//!     │                  │ fetched
//!  consensus           keeper ──> held rounds, files
//! ```
//!
//! # Invariants
//! - Raft waits for none of this: the keeper reads the applied state and proposes reports like anybody.
//! - A round is held only if both of its files have the digests that the members agreed on; it is looked at again from
//!   time to time, and dropped, and obtained again, if it has changed.
//! - A fenced member holds nothing.
//! - A file is reported once it is on disk, and removed once no round needs it.

mod checksum;
mod damage;
mod encoder;
mod fetcher;
mod files;
#[cfg(test)]
mod fixture;
mod held;
mod keeper;
mod pairs;
mod recipe;
mod rehash;
mod reporter;
mod serving;
mod shelf;
mod stored;
mod view;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

pub use damage::{DamageObserver, DamagedPart};
pub use held::{HeldRound, UnfitError};
pub use pairs::Pairs;
use parking_lot::Mutex;
pub use recipe::{Recipe, RecipeError};
use silhouette_proto::v1::FetchEncodingRequest;
use tokio::{sync::watch, task::JoinHandle};
use tonic::Status;

use self::{
    damage::Damages,
    files::EncodingFiles,
    keeper::{Keeper, Parts},
    shelf::Shelf,
};
use crate::{
    consensus::Consensus,
    ids::RoundUid,
    service::refusal::Refusal,
    storage::StorageError,
    transport::{EncodingSource, EncodingStream},
};

/// Version of the encoding's rules that this program follows: how pairs, seeds and parameters become files. A cluster
/// seals with the highest that all of its members have registered.
pub const ENCODING_VERSION: u32 = 1;

/// How encodings are made and sent.
#[derive(Clone)]
pub struct EncodingSettings {
    /// Threads of one encode; the cluster's limit applies, too.
    pub threads: NonZeroUsize,
    /// Bytes of one part of a file sent to a peer.
    pub part_bytes: usize,
    /// How often what is held is hashed again.
    pub rehash_interval: Duration,
    /// Told how long each encode took, hint included.
    pub observe_encode: Arc<dyn Fn(Duration) + Send + Sync>,
    /// Told of each round that was hashed again.
    pub observe_rehash: Arc<dyn Fn() + Send + Sync>,
    /// Told of each damage.
    pub observe_damage: DamageObserver,
}

/// The encodings that this member holds, and the threads that bring them here. Cheap to clone.
#[derive(Clone)]
pub struct Encodings {
    shelf: Arc<Shelf>,
    damages: Arc<Damages>,
    consensus: Consensus,
    part_bytes: usize,
    keeper: Arc<KeeperTask>,
}

/// The keeper's task; it ends when nobody has the encodings any more.
struct KeeperTask(Mutex<Option<JoinHandle<()>>>);

impl Encodings {
    /// Loads what is stored, newest first, and starts to encode, fetch and report. Within a tokio runtime.
    pub fn start(consensus: Consensus, settings: EncodingSettings) -> Result<Self, StorageError> {
        let files = EncodingFiles::open(consensus.store().directory().join("encodings"))?;
        let (shelf, part_bytes) = (Arc::new(Shelf::default()), settings.part_bytes.max(1));
        let damages = Arc::new(Damages::new(Arc::clone(&settings.observe_damage)));
        let parts = Parts {
            consensus: consensus.clone(),
            files: Arc::new(files),
            shelf: Arc::clone(&shelf),
            damages: Arc::clone(&damages),
        };
        let mut keeper = Keeper::new(parts, settings);
        keeper.load();
        let task = KeeperTask(Mutex::new(Some(tokio::spawn(keeper.run()))));
        Ok(Self { shelf, damages, consensus, part_bytes, keeper: Arc::new(task) })
    }

    /// A Ready round whose agreed encoding is held here.
    pub fn get(&self, uid: RoundUid) -> Option<Arc<HeldRound>> {
        self.shelf.get(uid)
    }

    /// The Ready rounds held here, as they change.
    pub fn held(&self) -> watch::Receiver<Arc<BTreeSet<RoundUid>>> {
        self.shelf.watch()
    }

    /// The Ready rounds that are damaged here and not yet repaired, as they change.
    pub fn degraded(&self) -> watch::Receiver<Arc<BTreeMap<RoundUid, DamagedPart>>> {
        self.damages.watch()
    }

    /// Stops the threads. An encode under way is abandoned: its thread ends with its result, which nobody takes.
    pub async fn stop(self) {
        let task = self.keeper.0.lock().take();
        if let Some(task) = task {
            task.abort();
            // Cancelled, as it was told to be.
            task.await.ok();
        }
    }
}

impl Drop for KeeperTask {
    fn drop(&mut self) {
        if let Some(task) = self.0.get_mut() {
            task.abort();
        }
    }
}

impl EncodingSource for Encodings {
    fn fetch(&self, request: FetchEncodingRequest) -> Result<EncodingStream, Status> {
        if self.consensus.fence().is_some() {
            return Err(Refusal::Fenced { member: self.consensus.member_id() }.into());
        }
        let held = |uid| self.shelf.get(uid);
        serving::fetch(&request, held, || self.consensus.state(), self.part_bytes).map_err(Status::from)
    }
}
