//! The `RocksDB` and its column families; every write goes through here.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use rocksdb::{
    BlockBasedOptions, BoundColumnFamily, Cache, ColumnFamilyDescriptor, DBCompressionType, DBWithThreadMode,
    Direction, IteratorMode, MultiThreaded, Options, WriteBatch, WriteOptions, properties::PropName,
};

use super::StorageError;

/// Bytes a column family gathers in memory before it writes a file.
const WRITE_BUFFER_BYTES: usize = 16 << 20;

/// Bytes that all column families together gather in memory.
const WRITE_BUFFERS_BYTES: usize = 48 << 20;

/// Bytes of files that are kept in memory, indices included. Little is read again: chunks once, when they are encoded.
const CACHE_BYTES: usize = 16 << 20;

/// Bytes of write-ahead log beyond which `RocksDB` flushes the column family that holds it up.
const WAL_BYTES: u64 = 64 << 20;

/// Which column family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Raft log entries by index.
    Log,
    /// Raft's hard state and where the log begins.
    Raft,
    /// The replicated state: the cluster record, and a record and a sealed secret a round.
    Rounds,
    /// Sealed chunks of publications.
    Chunks,
}

impl Family {
    pub(super) const ALL: [Self; 4] = [Self::Log, Self::Raft, Self::Rounds, Self::Chunks];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Raft => "raft",
            Self::Rounds => "rounds",
            Self::Chunks => "chunks",
        }
    }
}

/// A key and its value.
pub(super) type Record = (Box<[u8]>, Box<[u8]>);

/// Told how long each synced write took.
pub(super) type SyncObserver = Arc<dyn Fn(Duration) + Send + Sync>;

/// The database.
pub(super) struct Database {
    rocks: DBWithThreadMode<MultiThreaded>,
    pub(super) observer: OnceLock<SyncObserver>,
    /// Lets tests act out a full disk.
    #[cfg(test)]
    pub(super) fail_writes: std::sync::atomic::AtomicBool,
}

/// Writes that happen together or not at all.
pub(super) struct Batch<'a> {
    database: &'a Database,
    writes: WriteBatch,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, StorageError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_max_total_wal_size(WAL_BYTES);
        options.set_db_write_buffer_size(WRITE_BUFFERS_BYTES);
        options.set_keep_log_file_num(3);
        options.set_max_open_files(256);
        options.set_stats_dump_period_sec(0);
        // One for all, so that the database takes no more than is set aside for it beside the budget of rounds.
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let families = Family::ALL.map(|family| {
            let mut options = Options::default();
            let mut blocks = BlockBasedOptions::default();
            blocks.set_block_cache(&cache);
            blocks.set_cache_index_and_filter_blocks(true);
            options.set_block_based_table_factory(&blocks);
            options.set_write_buffer_size(WRITE_BUFFER_BYTES);
            options.set_compression_type(DBCompressionType::None);
            ColumnFamilyDescriptor::new(family.name(), options)
        });
        let rocks =
            DBWithThreadMode::open_cf_descriptors(&options, path, families).map_err(StorageError::database("open"))?;
        Ok(Self {
            rocks,
            observer: OnceLock::new(),
            #[cfg(test)]
            fail_writes: std::sync::atomic::AtomicBool::new(false),
        })
    }

    fn family(&self, family: Family) -> Arc<BoundColumnFamily<'_>> {
        self.rocks.cf_handle(family.name()).expect("every column family is opened with the database")
    }

    pub(super) fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.rocks.get_cf(&self.family(family), key).map_err(StorageError::database("read"))
    }

    /// A number that the database says of a column family; 0 if it does not know.
    pub(super) fn property(&self, family: Family, name: &PropName) -> u64 {
        self.rocks.property_int_value_cf(&self.family(family), name).ok().flatten().unwrap_or_default()
    }

    /// All records whose key is at least `from`, in order of their keys.
    pub(super) fn scan(&self, family: Family, from: &[u8]) -> impl Iterator<Item = Result<Record, StorageError>> + '_ {
        self.rocks
            .iterator_cf(&self.family(family), IteratorMode::From(from, Direction::Forward))
            .map(|record| record.map_err(StorageError::database("read")))
    }

    /// All keys that begin with `prefix`, in order.
    pub(super) fn keys(&self, family: Family, prefix: &[u8]) -> Result<Vec<Box<[u8]>>, StorageError> {
        let mut keys = Vec::new();
        let mut cursor = self.rocks.raw_iterator_cf(&self.family(family));
        cursor.seek(prefix);
        while let Some(key) = cursor.key().filter(|key| key.starts_with(prefix)) {
            keys.push(key.into());
            cursor.next();
        }
        cursor.status().map_err(StorageError::database("read"))?;
        Ok(keys)
    }

    pub(super) fn batch(&self) -> Batch<'_> {
        Batch { database: self, writes: WriteBatch::default() }
    }

    /// Rewrites the files that hold a range of keys, so that deleted records give back their space.
    pub(super) fn compact(&self, family: Family, from: &[u8], to: &[u8]) {
        self.rocks.compact_range_cf(&self.family(family), Some(from), Some(to));
    }

    /// Waits until everything written so far is on disk.
    pub(super) fn sync(&self) -> Result<(), StorageError> {
        self.rocks.flush_wal(true).map_err(StorageError::database("sync"))
    }

    /// Writes everything in memory to files.
    pub(super) fn flush(&self) -> Result<(), StorageError> {
        for family in Family::ALL {
            self.rocks.flush_cf(&self.family(family)).map_err(StorageError::database("flush"))?;
        }
        self.sync()
    }
}

impl Batch<'_> {
    pub(super) fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.writes.put_cf(&self.database.family(family), key, value);
    }

    pub(super) fn delete(&mut self, family: Family, key: &[u8]) {
        self.writes.delete_cf(&self.database.family(family), key);
    }

    /// Deletes keys from `from` up to, but without, `to`.
    pub(super) fn delete_range(&mut self, family: Family, from: &[u8], to: &[u8]) {
        self.writes.delete_range_cf(&self.database.family(family), from, to);
    }

    /// Writes without waiting for the disk: a later synced write makes it durable too, in order.
    pub(super) fn write(self) -> Result<(), StorageError> {
        self.commit(false)
    }

    /// Writes and waits until it is on disk.
    pub(super) fn write_synced(self) -> Result<(), StorageError> {
        let begun = Instant::now();
        let observer = self.database.observer.get();
        self.commit(true)?;
        if let Some(observer) = observer {
            observer(begun.elapsed());
        }
        Ok(())
    }

    fn commit(self, sync: bool) -> Result<(), StorageError> {
        #[cfg(test)]
        if self.database.fail_writes.load(std::sync::atomic::Ordering::SeqCst) {
            let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(StorageError::File { action: "write", path: "db".into(), source });
        }
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.database.rocks.write_opt(self.writes, &options).map_err(StorageError::database("write"))
    }
}
