//! The directory of encodings and hints: a file each, named by its digest.
//!
//! A file is written under another name, synced, and only then given its own, so that a crash leaves no half of one
//! under a digest. Whoever reads a file checks its digest all the same: disks err.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::{ids::Digest, storage::StorageError};

/// Ending of names of files that are still being written.
const UNFINISHED: &str = ".unfinished";

/// The directory.
pub(super) struct EncodingFiles {
    directory: PathBuf,
}

impl EncodingFiles {
    /// Opens the directory, making it if it is missing, and removes what a crash left unfinished.
    pub(super) fn open(directory: PathBuf) -> Result<Self, StorageError> {
        let make = || {
            fs::create_dir_all(&directory)?;
            // Its own name must be as durable as its files.
            directory.parent().map_or(Ok(()), sync_directory)
        };
        make().map_err(StorageError::file("make", &directory))?;
        let files = Self { directory };
        for path in files.list()? {
            if path.to_string_lossy().ends_with(UNFINISHED) {
                fs::remove_file(&path).map_err(StorageError::file("remove", path))?;
            }
        }
        Ok(files)
    }

    /// Writes and syncs a file, unless it is there.
    pub(super) fn write(&self, digest: Digest, bytes: &[u8]) -> Result<(), StorageError> {
        let path = self.path(digest);
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            // Written whole; its name may still be on its way to the disk.
            return sync_directory(&self.directory).map_err(StorageError::file("sync", &self.directory));
        }
        let unfinished = self.directory.join(format!("{digest}{UNFINISHED}"));
        let write = || {
            let mut file = File::create(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            sync_directory(&self.directory)
        };
        write().map_err(|error| {
            // Gives the space back, which may be what is missing; opening the directory tries again.
            fs::remove_file(&unfinished).ok();
            StorageError::file("write", &path)(error)
        })
    }

    /// What is stored under a digest, unchecked.
    pub(super) fn read(&self, digest: Digest) -> Result<Option<Bytes>, StorageError> {
        let path = self.path(digest);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::file("read", path)(error)),
        }
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, digest: Digest) -> Result<(), StorageError> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StorageError::file("remove", path)(error)),
            _ => Ok(()),
        }
    }

    /// Removes all files but those with these digests.
    pub(super) fn retain(&self, needed: &BTreeSet<Digest>) -> Result<(), StorageError> {
        for path in self.list()? {
            let digest = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            // What is not named by a digest is none of ours.
            if digest.is_some_and(|digest| !needed.contains(&digest)) {
                fs::remove_file(&path).map_err(StorageError::file("remove", path))?;
            }
        }
        Ok(())
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.directory.join(digest.to_string())
    }

    fn list(&self) -> Result<Vec<PathBuf>, StorageError> {
        let entries = fs::read_dir(&self.directory).and_then(|listing| {
            listing.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<PathBuf>>>()
        });
        entries.map_err(StorageError::file("read", &self.directory))
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Digest = Digest([1; 32]);
    const TWO: Digest = Digest([2; 32]);

    fn open(directory: &tempfile::TempDir) -> EncodingFiles {
        EncodingFiles::open(directory.path().join("encodings")).expect("the directory opens")
    }

    #[test]
    fn what_was_written_is_read_after_reopening() {
        let directory = tempfile::tempdir().expect("a directory");
        open(&directory).write(ONE, b"encoding").expect("written");
        assert_eq!(open(&directory).read(ONE).expect("read").as_deref(), Some(b"encoding".as_slice()));
        assert_eq!(open(&directory).read(TWO).expect("read"), None);
    }

    #[test]
    fn what_a_crash_left_unfinished_is_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = open(&directory);
        let unfinished = files.directory.join(format!("{ONE}{UNFINISHED}"));
        fs::write(&unfinished, b"enco").expect("written");
        assert_eq!(open(&directory).read(ONE).expect("read"), None);
        assert!(!unfinished.exists());
    }

    #[test]
    fn a_file_of_another_length_is_written_anew() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = open(&directory);
        fs::write(files.path(ONE), b"enco").expect("written");
        files.write(ONE, b"encoding").expect("written");
        assert_eq!(files.read(ONE).expect("read").as_deref(), Some(b"encoding".as_slice()));
    }

    #[test]
    fn files_that_no_round_needs_are_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = open(&directory);
        files.write(ONE, b"one").expect("written");
        files.write(TWO, b"two").expect("written");
        files.retain(&BTreeSet::from([TWO])).expect("removed");
        assert_eq!(files.read(ONE).expect("read"), None);
        assert!(files.read(TWO).expect("read").is_some());
        files.remove(TWO).expect("removed");
        files.remove(TWO).expect("removing twice does no harm");
        assert_eq!(files.read(TWO).expect("read"), None);
    }
}
