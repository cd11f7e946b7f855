//! The open data directory.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::Mutex;

use super::{
    Identity, StorageError,
    database::Database,
    disk_space::DiskSpace,
    fencing,
    keyring::{Keyring, sync_directory},
    log::RaftLog,
    replica,
};
use crate::{
    fence::Fence,
    ids::{ClusterId, MemberId, RoundUid},
    state::{Round, State},
};

/// An open data directory. One a process and directory: a second is refused.
pub struct Store {
    directory: PathBuf,
    identity: Mutex<Identity>,
    keyring: Arc<Keyring>,
    database: Arc<Database>,
    log: Arc<RaftLog>,
    pub(super) fence: OnceLock<Fence>,
    /// Locked as long as it is open.
    _lock: File,
}

impl Store {
    /// Opens `directory`, making it if it is missing, and finishes what a crash interrupted: keys of shredded rounds,
    /// and of rounds that neither the state nor the log knows, are destroyed.
    pub fn open(directory: &Path) -> Result<Self, StorageError> {
        fs::create_dir_all(directory).map_err(refused(directory, "make"))?;
        let lock = lock(directory)?;
        let identity = match Identity::read(directory)? {
            Some(identity) => identity,
            None if directory.join("db").exists() => {
                let why = "the file is missing beside a database".to_owned();
                return Err(StorageError::Damaged { record: "identity", why });
            }
            None => {
                let identity = Identity::draw()?;
                identity.write(directory)?;
                identity
            }
        };
        let keyring = Arc::new(Keyring::open(directory.join("keys"))?);
        let database = Arc::new(Database::open(&directory.join("db"))?);
        // What is synced within them must not be lost with their names.
        sync_directory(directory).map_err(StorageError::file("sync", directory))?;
        let log = Arc::new(RaftLog::open(Arc::clone(&database), Arc::clone(&keyring))?);
        let (identity, fence) = (Mutex::new(identity), fencing::read(directory)?);
        let store = Self { directory: directory.to_owned(), identity, keyring, database, log, fence, _lock: lock };
        store.recover()?;
        Ok(store)
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whose directory it is.
    pub fn identity(&self) -> Identity {
        self.identity.lock().clone()
    }

    /// Bytes of all files in the directory.
    pub fn disk_bytes(&self) -> u64 {
        bytes_below(&self.directory)
    }

    /// Bytes that the directory's file system has left for this process, and has in all; `None` if it does not say.
    pub fn disk_space(&self) -> Option<DiskSpace> {
        DiskSpace::at(&self.directory)
    }

    /// Writes, syncs and removes a small file, to see whether the disk still takes writes. Blocks.
    pub fn check_writable(&self) -> Result<(), StorageError> {
        let path = self.directory.join("writable.probe");
        let probe = || {
            fs::write(&path, [0; 4096])?;
            File::open(&path)?.sync_all()?;
            fs::remove_file(&path)
        };
        probe().map_err(refused(&self.directory, "write"))
    }

    /// Whether the key of a round exists: the round's secrets can still be read here.
    pub fn has_round_key(&self, uid: RoundUid) -> bool {
        self.keyring.get(uid).is_some()
    }

    /// Calls `observer` with the duration of each synced write, from now on. Only the first observer is kept.
    pub fn observe_syncs(&self, observer: Arc<dyn Fn(Duration) + Send + Sync>) {
        self.database.observer.get_or_init(|| observer);
    }

    /// Writes everything in memory to files.
    pub(crate) fn flush(&self) -> Result<(), StorageError> {
        self.database.flush()
    }

    pub(crate) fn log(&self) -> &Arc<RaftLog> {
        &self.log
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Gives the directory to a member. Nothing changes if it is that member's; refused if it is another's.
    pub(crate) fn become_member(&self, cluster: ClusterId, id: MemberId) -> Result<(), StorageError> {
        let mut identity = self.identity.lock();
        let instance = identity.instance();
        self.check_free(&identity, &cluster, id)?;
        if matches!(*identity, Identity::Uninitialised { .. }) {
            let member = Identity::Member { instance, cluster, id, removed: false };
            member.write(&self.directory)?;
            *identity = member;
        }
        Ok(())
    }

    /// Whether the directory can become, or is, a member's.
    pub(crate) fn check_identity(&self, cluster: &ClusterId, id: MemberId) -> Result<(), StorageError> {
        self.check_free(&self.identity.lock(), cluster, id)
    }

    #[expect(clippy::unused_self, reason = "reads as a question to the store")]
    fn check_free(&self, identity: &Identity, cluster: &ClusterId, id: MemberId) -> Result<(), StorageError> {
        match identity {
            Identity::Member { cluster: found, id: found_id, .. } if found != cluster || *found_id != id => {
                Err(StorageError::OtherIdentity {
                    found: format!("member {found_id} of cluster {found}"),
                    wanted: format!("member {id} of cluster {cluster}"),
                })
            }
            _ => Ok(()),
        }
    }

    /// Whether the directory is a member's.
    pub(crate) fn is_member(&self) -> bool {
        matches!(*self.identity.lock(), Identity::Member { .. })
    }

    /// Remembers that the member was removed from its cluster.
    pub(crate) fn mark_removed(&self) -> Result<(), StorageError> {
        let mut identity = self.identity.lock();
        if let Identity::Member { removed, .. } = &mut *identity
            && !*removed
        {
            *removed = true;
            identity.write(&self.directory)?;
        }
        Ok(())
    }

    /// Destroys the key of a shredded round and gives back the space of its chunks. The log must be compacted through
    /// the round's last entry.
    pub(crate) fn shred(&self, uid: RoundUid) -> Result<(), StorageError> {
        self.keyring.destroy(uid)?;
        self.compact_chunks(uid);
        Ok(())
    }

    /// Gives back the space of a round's deleted chunks. Not of a fenced member: `RocksDB` takes no more writes once it
    /// has met a damaged file while it compacts, and the member would lose its vote, too.
    fn compact_chunks(&self, uid: RoundUid) {
        if self.fence().is_none() {
            replica::compact_chunks(&self.database, uid);
        }
    }

    /// Removes the key of a round that was refused when its start was applied: nothing was sealed with it.
    pub(crate) fn discard_key(&self, uid: RoundUid) -> Result<(), StorageError> {
        self.keyring.discard(uid)
    }

    /// After a snapshot: destroys the keys of rounds that `state` has shredded or does not hold. Returns whether there
    /// were any.
    pub(crate) fn destroy_ended_keys(&self, state: &State) -> Result<bool, StorageError> {
        let held = self.keyring.held();
        let ended: Vec<RoundUid> =
            held.into_iter().filter(|uid| state.round(*uid).is_none_or(Round::is_shredded)).collect();
        for uid in &ended {
            match state.round(*uid) {
                Some(_) => self.keyring.destroy(*uid)?,
                None => self.keyring.discard(*uid)?,
            }
            self.compact_chunks(*uid);
        }
        Ok(!ended.is_empty())
    }

    /// Finishes interrupted shreds, and removes the keys of rounds that never came to be.
    fn recover(&self) -> Result<(), StorageError> {
        let applied = replica::applied_index(&self.database)?;
        let rounds = replica::round_records(&self.database)?;
        let in_log = self.log.rounds();
        let ended = self.keyring.held().into_iter().filter(|uid| {
            let known = rounds.iter().any(|(known, shredded, _)| known == uid && !shredded);
            let coming = in_log.get(uid).is_some_and(|last| *last > applied);
            !known && !coming
        });
        let ended: Vec<RoundUid> = ended.collect();
        if let Some(last) = ended.iter().filter_map(|uid| in_log.get(uid)).max() {
            self.log.compact(*last)?;
        }
        if !ended.is_empty() {
            let mut batch = self.database.batch();
            for uid in &ended {
                replica::delete_chunks(&mut batch, *uid);
            }
            batch.write_synced()?;
        }
        for uid in ended {
            self.keyring.discard(uid)?;
        }
        for (uid, ..) in rounds.into_iter().filter(|(_, shredded, _)| *shredded) {
            self.keyring.destroy(uid)?;
        }
        Ok(())
    }

    /// Makes every write fail from now on, as a full disk does.
    #[cfg(test)]
    pub(crate) fn fail_writes(&self) {
        self.database.fail_writes.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Locks the directory against other processes and other stores of this one.
fn lock(directory: &Path) -> Result<File, StorageError> {
    let path = directory.join("lock");
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(refused(directory, "lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked { directory: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(StorageError::file("lock", path)(error)),
    }
}

/// Names a read-only directory as such.
pub(super) fn refused(directory: &Path, action: &'static str) -> impl FnOnce(io::Error) -> StorageError {
    let directory = directory.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StorageError::ReadOnly { directory, source }
        }
        _ => StorageError::File { action, path: directory, source },
    }
}

/// Bytes of the files in a directory and below; what cannot be read counts nothing.
fn bytes_below(directory: &Path) -> u64 {
    let Ok(listing) = fs::read_dir(directory) else { return 0 };
    let sizes = listing.flatten().map(|file| match file.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&file.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
