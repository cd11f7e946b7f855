//! One key a round, in a file of its own outside the database, so that it can be overwritten and removed.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::RwLock;

use super::{
    StorageError,
    round_key::{KEY_BYTES, RoundKey},
};
use crate::ids::RoundUid;

/// A round's key as this process knows it.
enum Slot {
    /// It is on disk.
    Held(Arc<RoundKey>),
    /// It was destroyed and must not be made anew, or pairs that arrive late would outlive their round.
    Destroyed,
}

/// The keys of all rounds.
pub(crate) struct Keyring {
    directory: PathBuf,
    slots: RwLock<HashMap<RoundUid, Slot>>,
}

impl Keyring {
    /// Reads all keys. Files that a crash cut short are removed: a key is synced before its first use.
    pub(super) fn open(directory: PathBuf) -> Result<Self, StorageError> {
        fs::create_dir_all(&directory).map_err(StorageError::file("make", &directory))?;
        let mut slots = HashMap::new();
        let listing = fs::read_dir(&directory).map_err(StorageError::file("list", &directory))?;
        for file in listing {
            let path = file.map_err(StorageError::file("list", &directory))?.path();
            let uid = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let bytes = zeroize::Zeroizing::new(fs::read(&path).map_err(StorageError::file("read", &path))?);
            match (uid, RoundKey::read(&bytes)) {
                (Some(uid), Some(key)) => {
                    slots.insert(uid, Slot::Held(Arc::new(key)));
                }
                _ => fs::remove_file(&path).map_err(StorageError::file("remove", &path))?,
            }
        }
        Ok(Self { directory, slots: RwLock::new(slots) })
    }

    /// The key of a round, if it exists.
    pub(crate) fn get(&self, uid: RoundUid) -> Option<Arc<RoundKey>> {
        match self.slots.read().get(&uid) {
            Some(Slot::Held(key)) => Some(Arc::clone(key)),
            _ => None,
        }
    }

    /// The key of a round, made and synced if there is none.
    ///
    /// # Errors
    /// [`StorageError::KeyDestroyed`] if it was destroyed.
    pub(crate) fn ensure(&self, uid: RoundUid) -> Result<Arc<RoundKey>, StorageError> {
        if let Some(key) = self.get(uid) {
            return Ok(key);
        }
        let mut slots = self.slots.write();
        match slots.get(&uid) {
            Some(Slot::Held(key)) => return Ok(Arc::clone(key)),
            Some(Slot::Destroyed) => return Err(StorageError::KeyDestroyed { uid }),
            None => {}
        }
        let key = Arc::new(RoundKey::draw()?);
        let path = self.path(uid);
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(key.bytes())?;
            file.sync_all()?;
            sync_directory(&self.directory)
        };
        write().map_err(StorageError::file("write", path.clone()))?;
        slots.insert(uid, Slot::Held(Arc::clone(&key)));
        Ok(key)
    }

    /// Overwrites the key's file, syncs, removes it and syncs the directory. Nothing happens if there is none; either
    /// way it cannot be made anew by this process.
    pub(crate) fn destroy(&self, uid: RoundUid) -> Result<(), StorageError> {
        self.slots.write().insert(uid, Slot::Destroyed);
        self.erase(uid)
    }

    /// As [`Keyring::destroy`], but the round may still come to be: its start is not applied, or not even logged.
    pub(crate) fn discard(&self, uid: RoundUid) -> Result<(), StorageError> {
        self.slots.write().remove(&uid);
        self.erase(uid)
    }

    fn erase(&self, uid: RoundUid) -> Result<(), StorageError> {
        let path = self.path(uid);
        let erase = || {
            let mut file = match OpenOptions::new().write(true).open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error),
            };
            file.write_all(&[0; KEY_BYTES])?;
            file.sync_all()?;
            fs::remove_file(&path)?;
            sync_directory(&self.directory)
        };
        erase().map_err(StorageError::file("destroy", path.clone()))
    }

    /// All rounds whose key exists.
    pub(crate) fn held(&self) -> Vec<RoundUid> {
        let slots = self.slots.read();
        slots.iter().filter(|(_, slot)| matches!(slot, Slot::Held(_))).map(|(uid, _)| *uid).collect()
    }

    fn path(&self, uid: RoundUid) -> PathBuf {
        self.directory.join(uid.to_string())
    }
}

/// Makes names that were made or removed in a directory durable.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const UID: RoundUid = RoundUid([9; 16]);

    fn keyring(directory: &tempfile::TempDir) -> Keyring {
        Keyring::open(directory.path().join("keys")).unwrap()
    }

    #[test]
    fn a_key_is_the_same_after_reopening_and_readable_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let key = *keyring(&directory).ensure(UID).unwrap().bytes();
        let again = keyring(&directory);
        assert_eq!(again.get(UID).unwrap().bytes(), &key);
        assert_eq!(again.ensure(UID).unwrap().bytes(), &key);
        assert_eq!(fs::metadata(again.path(UID)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_destroyed_key_is_gone_and_not_made_anew() {
        let directory = tempfile::tempdir().unwrap();
        let keyring = keyring(&directory);
        keyring.ensure(UID).unwrap();
        keyring.destroy(UID).unwrap();
        keyring.destroy(UID).unwrap();
        assert!(keyring.get(UID).is_none());
        assert!(!keyring.path(UID).exists());
        assert!(matches!(keyring.ensure(UID), Err(StorageError::KeyDestroyed { uid: UID })));
        assert!(keyring.held().is_empty());
    }

    #[test]
    fn a_key_file_cut_short_by_a_crash_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let first = keyring(&directory);
        fs::write(first.path(UID), [1; 5]).unwrap();
        assert!(keyring(&directory).get(UID).is_none());
        assert!(!first.path(UID).exists());
    }
}
