//! The directory of encodings and hints: a file each, named by its digest.
//!
//! A file is written under another name, synced, and only then given its own, so that a crash leaves no half of one
//! under a digest. Whoever reads a file checks its digest all the same: disks err.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use bytes::Bytes;

use crate::{ids::Digest, storage::StorageError};

/// Ending of names of files that are still being written.
const UNFINISHED: &str = ".unfinished";

/// Ending of names of damaged files, which are kept for whoever wants to know what happened to them.
const DAMAGED: &str = ".damaged";
/// Damaged files that are kept at most: enough to see a pattern ..
const MOST_DAMAGED: usize = 8;
/// .. and their bytes in all: a few of the largest encodings.
const MOST_DAMAGED_BYTES: u64 = 1 << 30;

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

    /// What is stored under a digest, to be read in pieces.
    pub(super) fn open_file(&self, digest: Digest) -> io::Result<File> {
        File::open(self.path(digest))
    }

    /// Takes a damaged file, if it is there, out of the way of a good one, and keeps it. Of too many the oldest go.
    pub(super) fn set_aside(&self, digest: Digest) -> Result<(), StorageError> {
        let path = self.path(digest);
        match fs::rename(&path, self.aside(digest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(StorageError::file("set aside", path))?,
        }
        let mut damaged = Vec::new();
        for path in self.list()?.into_iter().filter(|path| path.to_string_lossy().ends_with(DAMAGED)) {
            let about = fs::metadata(&path).map_err(StorageError::file("look at", &path))?;
            // What the file system does not date counts as old.
            damaged.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len(), path));
        }
        // The one that was just set aside may be the oldest by its date, and is what there is to see.
        damaged.sort_by_key(|(modified, _, path)| (*path == self.aside(digest), *modified));
        let (mut count, mut bytes) = (damaged.len(), damaged.iter().map(|(_, bytes, _)| bytes).sum::<u64>());
        for (_, length, path) in damaged {
            if count <= MOST_DAMAGED && bytes <= MOST_DAMAGED_BYTES {
                break;
            }
            fs::remove_file(&path).map_err(StorageError::file("remove", path))?;
            count -= 1;
            bytes -= length;
        }
        Ok(())
    }

    /// Removes all files but those with these digests, and what was set aside but of those in `damaged`.
    pub(super) fn retain(&self, needed: &BTreeSet<Digest>, damaged: &BTreeSet<Digest>) -> Result<(), StorageError> {
        for path in self.list()? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let (name, kept) = name.strip_suffix(DAMAGED).map_or((name, needed), |name| (name, damaged));
            // What is not named by a digest is none of ours.
            if name.parse().is_ok_and(|digest| !kept.contains(&digest)) {
                fs::remove_file(&path).map_err(StorageError::file("remove", path))?;
            }
        }
        Ok(())
    }

    fn aside(&self, digest: Digest) -> PathBuf {
        self.directory.join(format!("{digest}{DAMAGED}"))
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
        files.retain(&BTreeSet::from([TWO]), &BTreeSet::new()).expect("removed");
        assert_eq!(files.read(ONE).expect("read"), None);
        assert!(files.read(TWO).expect("read").is_some());
    }

    #[test]
    fn a_damaged_file_is_kept_aside_until_its_round_ends() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = open(&directory);
        files.write(ONE, b"one").expect("written");
        files.set_aside(ONE).expect("set aside");
        files.set_aside(ONE).expect("what is not there needs no setting aside");
        assert_eq!(files.read(ONE).expect("read"), None);
        files.retain(&BTreeSet::new(), &BTreeSet::from([ONE])).expect("nothing to remove");
        assert_eq!(fs::read(files.aside(ONE)).expect("it is kept"), b"one");
        files.retain(&BTreeSet::from([ONE]), &BTreeSet::new()).expect("removed");
        assert!(!files.aside(ONE).exists());
    }

    #[test]
    fn only_so_many_damaged_files_are_kept_and_the_last_one_is_among_them() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = open(&directory);
        for number in 0..=MOST_DAMAGED {
            let digest = Digest([u8::try_from(number).expect("few"); 32]);
            files.write(digest, b"damaged").expect("written");
            files.set_aside(digest).expect("set aside");
            assert!(files.aside(digest).exists());
        }
        assert_eq!(files.list().expect("listed").len(), MOST_DAMAGED);
    }
}
