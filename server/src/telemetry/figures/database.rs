//! What `RocksDB` says of itself.

use std::fmt::Error;

use super::Sheet;
use crate::storage::{DatabaseStatus, Store};

/// A name, a sentence, and where it is read.
type Figure = (&'static str, &'static str, fn(&DatabaseStatus) -> u64);

const GAUGES: [Figure; 7] = [
    ("silhouette_rocksdb_memtable_bytes", "Memory of writes that are in no file yet", |family| family.memtable_bytes),
    ("silhouette_rocksdb_block_cache_bytes", "Memory of blocks that were read", |family| family.block_cache_bytes),
    ("silhouette_rocksdb_table_readers_bytes", "Memory of indexes and filters of open files", |family| {
        family.table_readers_bytes
    }),
    ("silhouette_rocksdb_sst_bytes", "Bytes of the files that are in use", |family| family.sst_bytes),
    ("silhouette_rocksdb_pending_compaction_bytes", "Bytes that compaction has still to rewrite", |family| {
        family.pending_compaction_bytes
    }),
    ("silhouette_rocksdb_running_compactions", "Compactions under way", |family| family.running_compactions),
    ("silhouette_rocksdb_background_errors_seen", "Background errors since the database was opened", |family| {
        family.background_errors
    }),
];

/// What the database says of each column family.
#[derive(Debug, Clone, Default)]
pub(crate) struct DatabaseFigures {
    families: Vec<DatabaseStatus>,
    stopped: bool,
    delayed_write_rate: u64,
}

impl DatabaseFigures {
    /// Of an open data directory.
    pub(crate) fn of(store: &Store) -> Self {
        let (stopped, delayed_write_rate) = store.database_stalls();
        Self { families: store.database_status(), stopped, delayed_write_rate }
    }

    pub(super) fn encode(&self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        for (name, help, figure) in GAUGES {
            let series = self.families.iter().map(|family| ([("column_family", family.name)], figure(family)));
            sheet.gauges(name, help, series)?;
        }
        sheet.gauge(
            "silhouette_rocksdb_write_stopped",
            "Whether the database takes no writes until compaction catches up",
            u64::from(self.stopped),
        )?;
        sheet.gauge(
            "silhouette_rocksdb_delayed_write_bytes_per_second",
            "Rate to which the database slows writes down; 0 if it does not",
            self.delayed_write_rate,
        )
    }
}
