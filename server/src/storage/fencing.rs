//! The mark of a fenced member: a small file, so that a restart does not lift the fence.

use std::{path::Path, sync::OnceLock};

use super::{StorageError, Store, small_file};
use crate::fence::Fence;

/// Name of the file in the data directory.
const FILE: &str = "fence.json";

/// What the record is called in errors.
const RECORD: &str = "fence";

/// Reads the mark of a directory.
pub(super) fn read(directory: &Path) -> Result<OnceLock<Fence>, StorageError> {
    Ok(small_file::read::<Fence>(directory, FILE, RECORD)?.map_or_else(OnceLock::new, OnceLock::from))
}

impl Store {
    /// Why the member of this directory is fenced, if it is.
    pub fn fence(&self) -> Option<&Fence> {
        self.fence.get()
    }

    /// Fences the member of this directory for good; the first reason stays. It is fenced at once, and after a restart
    /// too, unless the mark cannot be written: then only until the process ends.
    pub(crate) fn raise_fence(&self, fence: Fence) {
        if self.fence.set(fence).is_err() {
            return;
        }
        let Some(fence) = self.fence() else { return };
        tracing::error!(%fence, "fenced: this member serves nothing any more");
        if let Err(error) = small_file::write(self.directory(), FILE, RECORD, fence) {
            tracing::error!(%error, "the fence cannot be written down; a restart would lift it");
        }
    }
}
