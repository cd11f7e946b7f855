//! How much room the file system of the data directory has.

use std::path::Path;

use nix::sys::statvfs::statvfs;

/// The room of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// What is left for a process without privileges.
    pub free_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
}

impl DiskSpace {
    /// Of the file system that holds `path`; `None` if it does not say.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let told = statvfs(path).ok()?;
        let bytes = |blocks| blocks * told.fragment_size();
        Some(Self { free_bytes: bytes(told.blocks_available()), total_bytes: bytes(told.blocks()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_says_how_much_room_it_has() {
        let space = DiskSpace::at(&std::env::temp_dir()).expect("it says so");
        assert!(space.total_bytes > 0 && space.free_bytes <= space.total_bytes, "{space:?}");
        assert_eq!(DiskSpace::at(Path::new("/nowhere/at/all")), None);
    }
}
