//! How much of the applied log is kept.

use super::RaftSettings;
use crate::{
    ids::LogIndex,
    storage::{RaftLog, StorageError},
};

/// Compacts the log if its applied part has grown too long or too large. Only the raft thread may.
pub(super) fn compact_grown(log: &RaftLog, applied: LogIndex, settings: &RaftSettings) -> Result<(), StorageError> {
    let entries = (applied.0 + 1).saturating_sub(log.first_index().0);
    if entries >= settings.compact_entries || log.bytes_through(applied) >= settings.compact_bytes {
        compact(log, applied, settings)?;
    }
    Ok(())
}

/// Compacts the applied log, but for the entries that members which lag a little will ask for: as many as are
/// configured, or fewer if they hold half the bytes at which the log is compacted.
pub(super) fn compact(log: &RaftLog, applied: LogIndex, settings: &RaftSettings) -> Result<(), StorageError> {
    let all = log.bytes_through(applied);
    let mut kept = settings.keep_entries;
    let mut through = LogIndex(applied.0.saturating_sub(kept));
    while kept > 0 && all - log.bytes_through(through) > settings.compact_bytes / 2 {
        kept /= 2;
        through = LogIndex(applied.0.saturating_sub(kept));
    }
    log.compact(through)
}
