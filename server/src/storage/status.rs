//! What the database says of itself, for metrics.

use rocksdb::properties;

use super::{
    Store,
    database::{Database, Family},
};

/// What the database says of one column family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseStatus {
    /// Its name.
    pub name: &'static str,
    /// Bytes of memory of writes that are in no file yet.
    pub memtable_bytes: u64,
    /// Bytes of memory of blocks that were read.
    pub block_cache_bytes: u64,
    /// Bytes of memory of indexes and filters.
    pub table_readers_bytes: u64,
    /// Bytes of the files in use.
    pub sst_bytes: u64,
    /// Bytes that compaction has still to rewrite.
    pub pending_compaction_bytes: u64,
    /// Compactions under way.
    pub running_compactions: u64,
    /// Errors in the background since it was opened.
    pub background_errors: u64,
}

impl Store {
    /// What the database says of each column family.
    pub fn database_status(&self) -> Vec<DatabaseStatus> {
        Family::ALL.into_iter().map(|family| status(self.database(), family)).collect()
    }

    /// Whether the database takes no writes at present, and to how many bytes a second it slows them down (0 if it does
    /// not).
    pub fn database_stalls(&self) -> (bool, u64) {
        let read = |name| self.database().property(Family::Log, name);
        (read(properties::IS_WRITE_STOPPED) > 0, read(properties::ACTUAL_DELAYED_WRITE_RATE))
    }
}

fn status(database: &Database, family: Family) -> DatabaseStatus {
    let read = |name| database.property(family, name);
    DatabaseStatus {
        name: family.name(),
        memtable_bytes: read(properties::CUR_SIZE_ALL_MEM_TABLES),
        block_cache_bytes: read(properties::BLOCK_CACHE_USAGE),
        table_readers_bytes: read(properties::ESTIMATE_TABLE_READERS_MEM),
        sst_bytes: read(properties::LIVE_SST_FILES_SIZE),
        pending_compaction_bytes: read(properties::ESTIMATE_PENDING_COMPACTION_BYTES),
        running_compactions: read(properties::NUM_RUNNING_COMPACTIONS),
        background_errors: read(properties::BACKGROUND_ERRORS),
    }
}
