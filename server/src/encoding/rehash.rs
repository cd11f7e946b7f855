//! Hashes again, from time to time, what is held: the encoding, hint and matrix in memory, and both files.
//!
//! What is in memory is what answers; what is in the files is what answers after a restart. One round is looked at at a
//! time, slowly, so that queries hardly notice. (A file that the operating system still has in its cache is read from
//! there.)

use std::{
    fs::File,
    io::{self, Read},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use blake3::{Hash, Hasher};
use tokio::{
    sync::mpsc,
    task::{JoinError, spawn_blocking},
    time::{Instant, sleep, sleep_until},
};

use super::{HeldRound, checksum::update_by_cells, files::EncodingFiles, shelf::Shelf};

/// Bytes hashed at a time: about a millisecond of one core ..
const PIECE_BYTES: usize = 1 << 20;
/// .. and the pause after them: 3 % of one core, 32 MiB a second.
const PIECE_PAUSE: Duration = Duration::from_millis(31);

/// What was found of one round.
pub(super) struct Finding {
    /// The round.
    pub(super) round: Arc<HeldRound>,
    /// Whether what is in memory is what was loaded.
    pub(super) memory_is_sound: bool,
    /// Whether the encoding's file is.
    pub(super) encoding_file_is_sound: bool,
    /// Whether the hint's file is.
    pub(super) hint_file_is_sound: bool,
}

/// Looks at everything on the shelf every `interval`, or without a pause if that takes longer, and hands over what is
/// not as it was. It begins after the first: what was just loaded was compared. `observe` is told of each round that
/// was looked at.
pub(super) async fn rehash(
    shelf: Arc<Shelf>,
    files: Arc<EncodingFiles>,
    interval: Duration,
    observe: Arc<dyn Fn() + Send + Sync>,
    findings: mpsc::Sender<Finding>,
) {
    let mut next = Instant::now() + interval;
    loop {
        sleep_until(next).await;
        // Also of nothing at all, with the shortest interval.
        sleep(PIECE_PAUSE).await;
        next = Instant::now() + interval;
        let held = shelf.watch().borrow().clone();
        for uid in &*held {
            // It may have ended meanwhile.
            let Some(round) = shelf.get(*uid) else { continue };
            // The runtime is shutting down.
            let Ok(finding) = examine(round, &files).await else { return };
            observe();
            if !finding.is_sound() && findings.send(finding).await.is_err() {
                return;
            }
        }
    }
}

impl Finding {
    fn is_sound(&self) -> bool {
        self.memory_is_sound && self.encoding_file_is_sound && self.hint_file_is_sound
    }
}

/// What is hashed again.
enum Source {
    Encoding(Arc<HeldRound>),
    Hint(Arc<HeldRound>),
    Matrix(Arc<HeldRound>),
    /// From its beginning.
    File(File),
}

impl Source {
    /// Adds a piece to a hash; pieces come one after another.
    fn add(&mut self, range: Range<usize>, hasher: &mut Hasher) -> io::Result<()> {
        match self {
            Self::Encoding(round) => {
                hasher.update(&round.encoding()[range]);
            }
            Self::Hint(round) => {
                hasher.update(&round.hint()[range]);
            }
            Self::Matrix(round) => update_by_cells(hasher, round.database(), range),
            Self::File(file) => {
                let mut piece = vec![0; range.len()];
                file.read_exact(&mut piece)?;
                hasher.update(&piece);
            }
        }
        Ok(())
    }
}

async fn examine(round: Arc<HeldRound>, files: &EncodingFiles) -> Result<Finding, JoinError> {
    let expected = round.checksums();
    let (encoding, hint, cells) = (round.encoding().len(), round.hint().len(), round.database().cells().len());
    let memory_is_sound = is(Source::Encoding(Arc::clone(&round)), encoding, expected.encoding).await?
        && is(Source::Hint(Arc::clone(&round)), hint, expected.hint).await?
        && is(Source::Matrix(Arc::clone(&round)), cells, expected.matrix).await?;
    let file = files.open_file(round.encoding_digest());
    let encoding_file_is_sound = is_file(file, encoding, expected.encoding).await?;
    let file = files.open_file(round.hint_digest());
    let hint_file_is_sound = is_file(file, hint, expected.hint).await?;
    Ok(Finding { round, memory_is_sound, encoding_file_is_sound, hint_file_is_sound })
}

/// Whether a file could be opened, and has this length and checksum.
async fn is_file(file: io::Result<File>, length: usize, expected: Hash) -> Result<bool, JoinError> {
    match file {
        Ok(file) if file.metadata().is_ok_and(|found| found.len() == length as u64) => {
            is(Source::File(file), length, expected).await
        }
        _ => Ok(false),
    }
}

/// Whether a source can be read and has this checksum, which is taken piece by piece.
async fn is(mut source: Source, length: usize, expected: Hash) -> Result<bool, JoinError> {
    let mut hasher = Hasher::new();
    for from in (0..length).step_by(PIECE_BYTES) {
        let range = from..length.min(from + PIECE_BYTES);
        let piece = spawn_blocking(move || {
            let added = source.add(range, &mut hasher);
            (source, hasher, added)
        });
        let added;
        (source, hasher, added) = piece.await?;
        if added.is_err() {
            return Ok(false);
        }
        sleep(PIECE_PAUSE).await;
    }
    Ok(hasher.finalize() == expected)
}

#[cfg(test)]
mod tests;
