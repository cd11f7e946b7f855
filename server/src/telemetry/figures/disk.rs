//! The disk that the data directory is on.

use std::fmt::Error;

use nix::sys::statvfs::statvfs;

use super::Sheet;
use crate::storage::Store;

/// The disk that the data directory is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DiskFigures {
    used: u64,
    free: u64,
    size: u64,
    writable: bool,
}

impl DiskFigures {
    /// Of an open data directory whose last probe took a write, or did not. Blocks.
    pub(crate) fn of(store: &Store, writable: bool) -> Self {
        let used = store.disk_bytes();
        // A system that does not tell is one without limits to alert on.
        let Ok(disk) = statvfs(store.directory()) else { return Self { used, writable, ..Self::default() } };
        let fragment = disk.fragment_size();
        Self { used, free: disk.blocks_available() * fragment, size: disk.blocks() * fragment, writable }
    }

    pub(super) fn encode(self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        sheet.gauge("silhouette_disk_used_bytes", "Bytes of all files in the data directory", self.used)?;
        sheet.gauge("silhouette_disk_free_bytes", "Bytes that may still be written to the disk", self.free)?;
        sheet.gauge("silhouette_disk_size_bytes", "Bytes of the disk", self.size)?;
        sheet.gauge(
            "silhouette_disk_writable",
            "Whether the disk took the last probe's write",
            u64::from(self.writable),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_a_size_and_some_of_it_is_used() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Store::open(directory.path()).expect("the directory opens");
        let disk = DiskFigures::of(&store, true);
        assert!(disk.used > 0 && disk.free > 0 && disk.size > disk.free, "{disk:?}");
    }
}
