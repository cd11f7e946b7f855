//! What a publication stream may say next, and what of it is durable. Pure.

use crate::{
    service::{refusal::Refusal, validate::Commit},
    state::Rejection,
};

/// The course of one stream after its header.
#[derive(Debug)]
pub(super) struct Script {
    /// The chunk that comes next.
    next: u64,
    /// All chunks before this one are applied.
    durable: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Chunks and the commit may come.
    Open,
    /// Nothing more is read; this remains to be done once all chunks are applied.
    Ending(Ending),
    /// Everything is said.
    Over,
}

/// How a stream ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a commit, which is to be carried out.
    Commit(Commit),
    /// Without one.
    CutShort,
    /// Nothing is left to do.
    Over,
}

/// How a chunk relates to those that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is the one that comes next.
    Next,
    /// It was sent before and is applied.
    Durable,
    /// It was sent before and is about to be applied, which will be told then.
    InFlight,
}

impl Script {
    /// A stream that goes on at chunk `next`.
    pub(super) const fn resume(next: u64) -> Self {
        Self { next, durable: next, stage: Stage::Open }
    }

    /// The chunk that comes next.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// All chunks before this one are applied.
    pub(super) const fn durable(&self) -> u64 {
        self.durable
    }

    /// Whether more is to be read.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// Takes a chunk, unless one before it is missing.
    pub(super) fn chunk(&mut self, sequence: u64) -> Result<Arrival, Refusal> {
        match sequence {
            _ if sequence < self.durable => Ok(Arrival::Durable),
            _ if sequence < self.next => Ok(Arrival::InFlight),
            _ if sequence > self.next => Err(Rejection::ChunkGap { next_sequence: self.next }.into()),
            _ => {
                self.next = self.next.saturating_add(1);
                Ok(Arrival::Next)
            }
        }
    }

    /// A chunk was applied: all before `next_sequence` are. Whether that is news.
    pub(super) fn applied(&mut self, next_sequence: u64) -> bool {
        let news = next_sequence > self.durable;
        self.durable = self.durable.max(next_sequence);
        self.next = self.next.max(self.durable);
        news
    }

    /// The stream ends with a commit.
    pub(super) fn commit(&mut self, commit: Commit) {
        self.stage = Stage::Ending(Ending::Commit(commit));
    }

    /// The stream ends without a commit.
    pub(super) fn cut_short(&mut self) {
        self.stage = Stage::Ending(Ending::CutShort);
    }

    /// What remains to be done at the end, once.
    pub(super) fn take_ending(&mut self) -> Option<Ending> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Ending(ending) => Some(ending),
            Stage::Over => Some(Ending::Over),
            Stage::Open => {
                self.stage = Stage::Open;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Digest;

    fn commit() -> Commit {
        Commit { chunks: 2, pairs: 3, digest: Digest([1; 32]) }
    }

    #[test]
    fn chunks_come_in_sequence_and_become_durable() {
        let mut script = Script::resume(0);
        assert_eq!(script.chunk(0), Ok(Arrival::Next));
        assert_eq!(script.chunk(1), Ok(Arrival::Next));
        assert_eq!((script.next(), script.durable()), (2, 0));
        assert!(script.applied(1));
        assert!(script.applied(2));
        assert_eq!((script.next(), script.durable()), (2, 2));
    }

    #[test]
    fn a_chunk_sent_twice_is_acknowledged_and_not_taken_again() {
        let mut script = Script::resume(3);
        assert_eq!(script.chunk(0), Ok(Arrival::Durable));
        assert_eq!(script.chunk(3), Ok(Arrival::Next));
        assert_eq!(script.chunk(3), Ok(Arrival::InFlight));
        script.applied(4);
        assert_eq!(script.chunk(3), Ok(Arrival::Durable));
        assert_eq!(script.next(), 4);
    }

    #[test]
    fn a_missing_chunk_is_named() {
        let mut script = Script::resume(3);
        let gap = |next_sequence| Err(Rejection::ChunkGap { next_sequence }.into());
        assert_eq!(script.chunk(5), gap(3));
        assert_eq!(script.chunk(u64::MAX), gap(3));
        assert_eq!(script.chunk(3), Ok(Arrival::Next), "it can still come");
    }

    #[test]
    fn another_stream_of_the_same_upload_may_be_ahead() {
        let mut script = Script::resume(0);
        assert_eq!(script.chunk(0), Ok(Arrival::Next));
        assert!(script.applied(5));
        assert_eq!((script.next(), script.durable()), (5, 5));
        assert_eq!(script.chunk(1), Ok(Arrival::Durable));
        assert!(!script.applied(2));
        assert_eq!(script.durable(), 5);
    }

    #[test]
    fn a_stream_ends_once() {
        let mut script = Script::resume(0);
        assert_eq!(script.take_ending(), None);
        assert!(script.is_open());
        script.commit(commit());
        assert!(!script.is_open(), "nothing is read after a commit");
        assert_eq!(script.take_ending(), Some(Ending::Commit(commit())));
        assert_eq!(script.take_ending(), Some(Ending::Over));
    }

    #[test]
    fn a_stream_that_ends_before_its_commit_is_cut_short() {
        let mut script = Script::resume(0);
        script.cut_short();
        assert_eq!(script.take_ending(), Some(Ending::CutShort));
        assert_eq!(script.take_ending(), Some(Ending::Over));
    }
}
