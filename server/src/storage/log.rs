//! The raft log on disk. What a round must keep secret is sealed here, entry by entry, under the round's key.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use parking_lot::RwLock;
use prost011::Message as _;
use raft::prelude::{Entry, HardState};

use super::{
    StorageError,
    database::{Batch, Database, Family},
    keyring::Keyring,
    record::{LogRecord, Outline, changes_configuration, round_of},
};
use crate::ids::{LogIndex, RoundUid, Term};

/// Key of raft's hard state in the raft column family.
const HARD_STATE: &[u8] = b"hard-state";

/// Key of the index and term before the first entry.
const TRUNCATED: &[u8] = b"truncated";

/// What is remembered in memory of each entry.
#[derive(Debug, Clone, Copy)]
struct Slot {
    term: Term,
    bytes: u64,
    /// The round whose key this entry needs, or which it starts.
    round: Option<RoundUid>,
    /// Whether it changes the configuration.
    reconfigures: bool,
}

/// The part of the log that is in memory: where it begins, and a slot an entry.
#[derive(Debug, Clone, Default)]
struct Table {
    truncated: (LogIndex, Term),
    slots: VecDeque<Slot>,
    bytes: u64,
}

/// The raft log on disk. Only the raft thread changes it, or the apply thread while the raft thread waits for it.
pub(crate) struct RaftLog {
    database: Arc<Database>,
    keyring: Arc<Keyring>,
    table: RwLock<Table>,
}

impl RaftLog {
    /// Reads the log's outline.
    pub(super) fn open(database: Arc<Database>, keyring: Arc<Keyring>) -> Result<Self, StorageError> {
        let mut table = Table::default();
        if let Some(bytes) = database.get(Family::Raft, TRUNCATED)? {
            table.truncated = decode_position(&bytes)?;
        }
        for record in database.scan(Family::Log, &key(table.truncated.0.0 + 1)) {
            let (key, value) = record?;
            let index = LogIndex(u64::from_be_bytes((*key).try_into().map_err(StorageError::damaged("log index"))?));
            if index.0 != table.last_index().0 + 1 {
                return Err(StorageError::Gap { found: index, last: table.last_index() });
            }
            let Outline { term, round, reconfigures } = LogRecord::outline(&value)?;
            table.push(Slot { term, bytes: value.len() as u64, round, reconfigures });
        }
        Ok(Self { database, keyring, table: RwLock::new(table) })
    }

    /// Index of the first entry that is still here.
    pub(crate) fn first_index(&self) -> LogIndex {
        LogIndex(self.table.read().truncated.0.0 + 1)
    }

    /// Index of the last entry, or of the one before the first if the log is empty.
    pub(crate) fn last_index(&self) -> LogIndex {
        self.table.read().last_index()
    }

    /// Index and term of the entry before the first.
    pub(crate) fn truncated(&self) -> (LogIndex, Term) {
        self.table.read().truncated
    }

    /// Bytes of the entries through `index`.
    pub(crate) fn bytes_through(&self, index: LogIndex) -> u64 {
        let table = self.table.read();
        let beyond = table.last_index().0.saturating_sub(index.0) as usize;
        table.bytes - table.slots.iter().rev().take(beyond).map(|slot| slot.bytes).sum::<u64>()
    }

    /// The term of an entry, or of the one before the first; `None` outside.
    pub(crate) fn term(&self, index: LogIndex) -> Option<Term> {
        self.table.read().term(index)
    }

    /// The entries from `low` up to, but without, `high`: as many as fit in `max_bytes`, at least one if there is one.
    pub(crate) fn entries(&self, low: LogIndex, high: LogIndex, max_bytes: u64) -> Result<Vec<Entry>, StorageError> {
        let mut entries = Vec::new();
        let mut bytes = 0;
        for record in self.database.scan(Family::Log, &key(low.0)) {
            let (index, value) = record?;
            if *index >= key(high.0)[..] {
                break;
            }
            bytes += value.len() as u64;
            if !entries.is_empty() && bytes > max_bytes {
                break;
            }
            entries.push(LogRecord::decode(&value, &self.keyring)?);
        }
        Ok(entries)
    }

    /// The entries that change the configuration, oldest first.
    pub(crate) fn configuration_entries(&self) -> Result<Vec<Entry>, StorageError> {
        let indices: Vec<u64> = {
            let table = self.table.read();
            let slots = (table.truncated.0.0 + 1..).zip(&table.slots);
            slots.filter_map(|(index, slot)| slot.reconfigures.then_some(index)).collect()
        };
        let mut found = Vec::with_capacity(indices.len());
        for index in indices {
            found.extend(self.entries(LogIndex(index), LogIndex(index + 1), u64::MAX)?);
        }
        Ok(found)
    }

    /// Raft's hard state as last written.
    pub(crate) fn hard_state(&self) -> Result<HardState, StorageError> {
        match self.database.get(Family::Raft, HARD_STATE)? {
            Some(bytes) => HardState::decode(&bytes[..]).map_err(StorageError::damaged("hard state")),
            None => Ok(HardState::default()),
        }
    }

    /// Appends entries, replacing those at their indices and after, together with the hard state, and waits for the
    /// disk. Keys of rounds that begin here are made and synced before.
    pub(crate) fn append(&self, entries: &[Entry], hard_state: Option<&HardState>) -> Result<(), StorageError> {
        let mut batch = self.database.batch();
        if let Some(hard_state) = hard_state {
            put_hard_state(&mut batch, hard_state);
        }
        let mut slots = Vec::with_capacity(entries.len());
        let (truncated, last) = {
            let table = self.table.read();
            (table.truncated.0, table.last_index())
        };
        if let Some(first) = entries.first() {
            if first.index > last.0 + 1 || first.index <= truncated.0 {
                return Err(StorageError::Gap { found: LogIndex(first.index), last });
            }
            if first.index <= last.0 {
                batch.delete_range(Family::Log, &key(first.index), &key(last.0 + 1));
            }
        }
        for entry in entries {
            let round = round_of(entry)?;
            let value = LogRecord::encode(entry, round, &self.keyring)?;
            batch.put(Family::Log, &key(entry.index), &value);
            let round = round.map(|round| round.uid);
            let reconfigures = changes_configuration(entry);
            slots.push(Slot { term: Term(entry.term), bytes: value.len() as u64, round, reconfigures });
        }
        batch.write_synced()?;
        if let Some(first) = entries.first() {
            let mut table = self.table.write();
            table.truncate(LogIndex(first.index));
            for slot in slots {
                table.push(slot);
            }
        }
        Ok(())
    }

    /// Writes the hard state without waiting for the disk: for one whose term and vote are as before.
    pub(crate) fn note(&self, hard_state: &HardState) -> Result<(), StorageError> {
        let mut batch = self.database.batch();
        put_hard_state(&mut batch, hard_state);
        batch.write()
    }

    /// Waits until everything written so far is on disk.
    pub(crate) fn sync(&self) -> Result<(), StorageError> {
        self.database.sync()
    }

    /// Removes all entries through `index`, which must have been applied, and waits for the disk.
    pub(crate) fn compact(&self, index: LogIndex) -> Result<(), StorageError> {
        let Some(term) = self.term(index).filter(|_| index >= self.first_index()) else {
            return Ok(());
        };
        let mut batch = self.database.batch();
        batch.delete_range(Family::Log, &key(0), &key(index.0 + 1));
        put_truncated(&mut batch, index, term);
        batch.write_synced()?;
        self.table.write().compact(index, term);
        Ok(())
    }

    /// Adds to a batch: an empty log that begins after `index`.
    pub(super) fn put_reset(batch: &mut Batch<'_>, index: LogIndex, term: Term, hard_state: Option<&HardState>) {
        batch.delete_range(Family::Log, &key(0), &key(u64::MAX));
        put_truncated(batch, index, term);
        if let Some(hard_state) = hard_state {
            put_hard_state(batch, hard_state);
        }
    }

    /// After the batch of [`RaftLog::put_reset`] was written.
    pub(super) fn reset(&self, index: LogIndex, term: Term) {
        *self.table.write() = Table { truncated: (index, term), ..Table::default() };
    }

    /// The last entry of each round that the log still names.
    pub(crate) fn rounds(&self) -> BTreeMap<RoundUid, LogIndex> {
        let table = self.table.read();
        let indices = table.truncated.0.0 + 1..;
        indices.zip(&table.slots).filter_map(|(index, slot)| Some((slot.round?, LogIndex(index)))).collect()
    }
}

impl Table {
    fn last_index(&self) -> LogIndex {
        LogIndex(self.truncated.0.0 + self.slots.len() as u64)
    }

    fn term(&self, index: LogIndex) -> Option<Term> {
        match index.0.checked_sub(self.truncated.0.0)? {
            0 => Some(self.truncated.1),
            position => self.slots.get(position as usize - 1).map(|slot| slot.term),
        }
    }

    fn push(&mut self, slot: Slot) {
        self.bytes += slot.bytes;
        self.slots.push_back(slot);
    }

    /// Forgets the entry at `from` and all after it.
    fn truncate(&mut self, from: LogIndex) {
        while self.last_index() >= from {
            let Some(slot) = self.slots.pop_back() else { break };
            self.bytes -= slot.bytes;
        }
    }

    /// Forgets the entries through `index`.
    fn compact(&mut self, index: LogIndex, term: Term) {
        while self.truncated.0 < index {
            let Some(slot) = self.slots.pop_front() else { break };
            self.bytes -= slot.bytes;
            self.truncated.0.0 += 1;
        }
        self.truncated.1 = term;
    }
}

/// Key of an entry: big-endian, so that the database sorts by index.
fn key(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

fn put_hard_state(batch: &mut Batch<'_>, hard_state: &HardState) {
    batch.put(Family::Raft, HARD_STATE, &hard_state.encode_to_vec());
}

fn put_truncated(batch: &mut Batch<'_>, index: LogIndex, term: Term) {
    batch.put(Family::Raft, TRUNCATED, &[index.0.to_be_bytes(), term.0.to_be_bytes()].concat());
}

fn decode_position(bytes: &[u8]) -> Result<(LogIndex, Term), StorageError> {
    let damaged = || StorageError::Damaged { record: "log position", why: format!("{} bytes", bytes.len()) };
    let (index, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    let term = rest.try_into().map_err(|_| damaged())?;
    Ok((LogIndex(u64::from_be_bytes(*index)), Term(u64::from_be_bytes(term))))
}
