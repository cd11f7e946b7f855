//! One attempt to encode: every shard's system under one attempt number's hash.

use std::num::NonZeroUsize;
use std::panic;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::digest::Digest;
use crate::probe::Parameters;
use crate::seed::CellSeed;
use crate::solve::{self, Arena, Dimensions, FreeCells};
use crate::split::Split;
use crate::stream::{Purpose, SecretStream};
use crate::system::{Collision, Entries, ShardSystem};

/// Why an attempt failed. The least of all shards' failures is reported, so that it does not depend on threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// The same key twice: no attempt can succeed.
    DuplicateKey { first: u32, second: u32 },
    /// A shard received more pairs than it holds.
    Overflow,
    /// A shard's equations contradict each other, or a dummy has a key's digest.
    Singular,
}

/// What an attempt encodes, and how.
pub(crate) struct Attempt<'a, K, V> {
    pub(crate) pairs: &'a [(K, V)],
    pub(crate) parameters: &'a Parameters,
    pub(crate) cell_seed: &'a CellSeed,
    pub(crate) threads: NonZeroUsize,
}

impl<K: AsRef<[u8]> + Sync, V: AsRef<[u8]> + Sync> Attempt<'_, K, V> {
    /// Encodes all shards and returns their cells. `free_cells` gives each shard's source of free cells.
    pub(crate) fn run<F: FreeCells>(&self, free_cells: impl Fn(u32) -> F + Sync) -> Result<Vec<u8>, Failure> {
        let shape = self.parameters.shape();
        let split = Split::new(self.pairs, self.parameters, self.threads);
        let mut cells = vec![0; shape.cell_bytes() as usize];
        let queue = Mutex::new((0..).zip(cells.chunks_exact_mut(shape.shard_bytes() as usize)));
        let workers = self.threads.get().min(shape.shards() as usize);

        let work = || {
            let dimensions = Dimensions::of(shape);
            let mut arena = Arena::new(dimensions);
            let mut entries = Entries::with_capacity(dimensions.equations);
            let mut least_failure = None;
            loop {
                // A statement of its own, so that the lock is released before the work begins.
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((shard, cells)) = next else {
                    break least_failure;
                };
                let result = self.solve_shard(shard, &split, &mut free_cells(shard), &mut entries, &mut arena, cells);
                least_failure = [least_failure, result.err()].into_iter().flatten().min();
            }
        };
        let failures = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let results = workers.into_iter().map(thread::ScopedJoinHandle::join);
            results.filter_map(|result| result.unwrap_or_else(|panic| panic::resume_unwind(panic))).min()
        });
        failures.map_or(Ok(cells), Err)
    }

    fn solve_shard(
        &self,
        shard: u32,
        split: &Split,
        free_cells: &mut impl FreeCells,
        entries: &mut Entries,
        arena: &mut Arena,
        cells: &mut [u8],
    ) -> Result<(), Failure> {
        let pairs = split.shard(shard);
        let capacity = self.parameters.shape().shard_capacity();
        // An overfull shard is still searched for duplicates: many of one key fill a shard in every attempt.
        let dummies = capacity.saturating_sub(pairs.len() as u32);
        let overflows = pairs.len() > capacity as usize;
        let attempt = self.parameters.attempt();
        let mut digests = SecretStream::new(self.cell_seed, attempt, shard, Purpose::DummyDigests, Digest::BYTES);
        entries.collect(pairs, dummies, &mut digests).map_err(|collision| match collision {
            Collision::Pairs(first, second) => Failure::DuplicateKey { first, second },
            Collision::Dummy => Failure::Singular,
        })?;
        if overflows {
            return Err(Failure::Overflow);
        }
        let value = |pair: u32| self.pairs[pair as usize].1.as_ref();
        let mut system = ShardSystem::new(self.parameters, shard, entries, value, self.cell_seed);
        solve::solve(&mut system, free_cells, arena, cells).map_err(|_| Failure::Singular)
    }
}
