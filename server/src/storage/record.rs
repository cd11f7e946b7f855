//! How a log entry lies on disk.
//!
//! ```text
//! kind (1)  term (8, big-endian)  [round uid (16), unless plain]  eraftpb.Entry, its data sealed if the kind says so
//! ```

use prost011::Message as _;
use raft::prelude::{Entry, EntryType};

use super::{StorageError, keyring::Keyring};
use crate::{
    ids::{RoundUid, Term},
    state::{self, Command},
};

/// What a log entry has to do with a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryRound {
    /// The round.
    pub(super) uid: RoundUid,
    /// Whether the entry holds a secret of the round; otherwise it starts the round.
    pub(super) secret: bool,
}

/// Which round's key must exist before an entry is written, and whether the entry is sealed with it.
pub(super) fn round_of(entry: &Entry) -> Result<Option<EntryRound>, StorageError> {
    if changes_configuration(entry) || entry.data.is_empty() {
        return Ok(None);
    }
    let decoded: state::Entry = rmp_serde::from_slice(&entry.data).map_err(StorageError::damaged("log entry"))?;
    Ok(match decoded.command {
        Command::StartRound { uid, .. } => Some(EntryRound { uid, secret: false }),
        command => command.secret_round().map(|uid| EntryRound { uid, secret: true }),
    })
}

/// Whether an entry changes the configuration.
pub(crate) fn changes_configuration(entry: &Entry) -> bool {
    entry.entry_type() != EntryType::EntryNormal
}

/// The kinds of record.
const PLAIN: u8 = 0;
const STARTS_ROUND: u8 = 1;
const SEALED: u8 = 2;

/// What a record tells without its round's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outline {
    /// The entry's term.
    pub(super) term: Term,
    /// The round whose key it needs, or which it starts.
    pub(super) round: Option<RoundUid>,
    /// Whether it changes the configuration.
    pub(super) reconfigures: bool,
}

/// A log entry as it lies on disk.
pub(super) struct LogRecord;

impl LogRecord {
    /// The record of an entry. Makes the round's key if there is none.
    pub(super) fn encode(entry: &Entry, round: Option<EntryRound>, keyring: &Keyring) -> Result<Vec<u8>, StorageError> {
        let mut value = Vec::with_capacity(entry.data.len() + 128);
        value.push(match round {
            None => PLAIN,
            Some(EntryRound { secret: false, .. }) => STARTS_ROUND,
            Some(EntryRound { secret: true, .. }) => SEALED,
        });
        value.extend_from_slice(&entry.term.to_be_bytes());
        let Some(EntryRound { uid, secret }) = round else {
            value.extend_from_slice(&entry.encode_to_vec());
            return Ok(value);
        };
        value.extend_from_slice(&uid.0);
        let key = keyring.ensure(uid)?;
        if secret {
            let data = key.seal(&place(entry), &entry.data)?;
            let sealed = Entry { data, context: entry.context.clone(), ..outline(entry) };
            value.extend_from_slice(&sealed.encode_to_vec());
        } else {
            value.extend_from_slice(&entry.encode_to_vec());
        }
        Ok(value)
    }

    /// What a record tells without its round's key.
    pub(super) fn outline(value: &[u8]) -> Result<Outline, StorageError> {
        let (kind, term, round, body) = split(value)?;
        let reconfigures =
            kind == PLAIN && changes_configuration(&Entry::decode(body).map_err(StorageError::damaged("log entry"))?);
        Ok(Outline { term, round, reconfigures })
    }

    /// The entry of a record.
    pub(super) fn decode(value: &[u8], keyring: &Keyring) -> Result<Entry, StorageError> {
        let (kind, _, round, body) = split(value)?;
        let mut entry = Entry::decode(body).map_err(StorageError::damaged("log entry"))?;
        if let (SEALED, Some(uid)) = (kind, round) {
            let opened = keyring.get(uid).and_then(|key| key.open(&place(&entry), &entry.data));
            entry.data = opened.ok_or(StorageError::Sealed { record: "log entry", uid })?;
        }
        Ok(entry)
    }
}

/// Kind, term, round and body of a record.
type Parts<'a> = (u8, Term, Option<RoundUid>, &'a [u8]);

/// The parts of a record.
fn split(value: &[u8]) -> Result<Parts<'_>, StorageError> {
    let damaged = || StorageError::Damaged { record: "log entry", why: format!("{} bytes", value.len()) };
    let (&kind, rest) = value.split_first().ok_or_else(damaged)?;
    let (term, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let term = Term(u64::from_be_bytes(*term));
    match kind {
        PLAIN => Ok((kind, term, None, rest)),
        STARTS_ROUND | SEALED => {
            let (uid, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
            Ok((kind, term, Some(RoundUid(*uid)), rest))
        }
        kind => Err(StorageError::Damaged { record: "log entry", why: format!("unknown kind {kind}") }),
    }
}

/// An entry without data and context.
fn outline(entry: &Entry) -> Entry {
    Entry { entry_type: entry.entry_type, term: entry.term, index: entry.index, ..Entry::default() }
}

/// Where an entry lies, for sealing.
fn place(entry: &Entry) -> Vec<u8> {
    [&b"log"[..], &entry.index.to_be_bytes(), &entry.term.to_be_bytes()].concat()
}
