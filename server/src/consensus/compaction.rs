//! How much of the applied log is kept.

use super::RaftSettings;
use crate::{
    ids::LogIndex,
    storage::{RaftLog, StorageError},
};

/// Times the size at which the log is compacted to which it may grow for the sake of a snapshot on offer: then whoever
/// takes it has taken too long, and starts again with another.
const GROWTH_FOR_SNAPSHOT: u64 = 4;

/// Compacts the log if its applied part has grown too long or too large. Only the raft thread may.
pub(super) fn compact_grown(
    log: &RaftLog,
    applied: LogIndex,
    snapshot: Option<LogIndex>,
    settings: &RaftSettings,
) -> Result<(), StorageError> {
    if has_grown(log, applied, settings, 1) {
        compact(log, applied, snapshot, settings)?;
    }
    Ok(())
}

/// Compacts the applied log, but for the entries that members which lag a little will ask for: as many as are
/// configured, or fewer if they hold half the bytes at which the log is compacted. And but for those after the oldest
/// `snapshot` on offer, unless they are far too many: whoever installs it would have to take another one at once.
pub(super) fn compact(
    log: &RaftLog,
    applied: LogIndex,
    snapshot: Option<LogIndex>,
    settings: &RaftSettings,
) -> Result<(), StorageError> {
    let all = log.bytes_through(applied);
    let mut kept = settings.keep_entries;
    let mut through = LogIndex(applied.0.saturating_sub(kept));
    while kept > 0 && all - log.bytes_through(through) > settings.compact_bytes / 2 {
        kept /= 2;
        through = LogIndex(applied.0.saturating_sub(kept));
    }
    let is_of_use =
        |snapshot: &LogIndex| *snapshot >= log.truncated().0 && !has_grown(log, applied, settings, GROWTH_FOR_SNAPSHOT);
    let snapshot = snapshot.filter(is_of_use);
    log.compact(snapshot.map_or(through, |snapshot| through.min(snapshot)))
}

/// Whether the applied part of the log has `times` the length or the size at which it is compacted.
fn has_grown(log: &RaftLog, applied: LogIndex, settings: &RaftSettings, times: u64) -> bool {
    let entries = (applied.0 + 1).saturating_sub(log.first_index().0);
    entries >= settings.compact_entries.saturating_mul(times)
        || log.bytes_through(applied) >= settings.compact_bytes.saturating_mul(times)
}

#[cfg(test)]
mod tests {
    use raft::prelude::Entry;

    use super::*;
    use crate::storage::Store;

    /// A log of so many empty entries, compacted with a snapshot on offer; returns its first index.
    fn first_index_after(entries: u64, snapshot: Option<u64>) -> u64 {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let entries: Vec<_> = (1..=entries).map(|index| Entry { index, term: 1, ..Entry::default() }).collect();
        store.log().append(&entries, None).unwrap();
        let settings = RaftSettings { compact_entries: 50, keep_entries: 10, ..RaftSettings::default() };
        compact_grown(store.log(), store.log().last_index(), snapshot.map(LogIndex), &settings).unwrap();
        store.log().first_index().0
    }

    #[test]
    fn a_log_that_has_grown_keeps_its_last_entries() {
        assert_eq!(first_index_after(49, None), 1);
        assert_eq!(first_index_after(60, None), 51);
    }

    #[test]
    fn entries_after_a_snapshot_on_offer_are_kept_unless_they_are_far_too_many() {
        assert_eq!(first_index_after(60, Some(20)), 21);
        assert_eq!(first_index_after(60, Some(55)), 51, "the last entries are kept all the same");
        assert_eq!(first_index_after(200, Some(20)), 191);
    }
}
