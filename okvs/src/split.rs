//! Which pairs go to which shard.

use std::num::NonZeroUsize;
use std::thread;

use zeroize::{Zeroize, Zeroizing};

use crate::digest::Digest;
use crate::probe::Parameters;

/// All pairs' digests, grouped by shard.
pub(crate) struct Split {
    digests: Zeroizing<Vec<Digest>>,
    /// Indices of pairs, shard after shard.
    order: Vec<u32>,
    /// Where each shard begins in `order`, and a last entry where the last one ends.
    bounds: Vec<usize>,
}

impl Split {
    /// Hashes all keys on `threads` threads and groups them.
    pub(crate) fn new<K, V>(pairs: &[(K, V)], parameters: &Parameters, threads: NonZeroUsize) -> Self
    where
        K: AsRef<[u8]> + Sync,
        V: Sync,
    {
        let digests = digest_all(pairs, parameters, threads);
        let shards = parameters.shape().shards();
        let mut bounds = vec![0; shards as usize + 1];
        for digest in digests.iter() {
            bounds[digest.shard(shards) as usize + 1] += 1;
        }
        for shard in 0..shards as usize {
            bounds[shard + 1] += bounds[shard];
        }
        let mut places = bounds.clone();
        let mut order = vec![0; pairs.len()];
        for (pair, digest) in (0..).zip(digests.iter()) {
            let place = &mut places[digest.shard(shards) as usize];
            order[*place] = pair;
            *place += 1;
        }
        Self { digests, order, bounds }
    }

    /// Digests and indices of the pairs of `shard`.
    pub(crate) fn shard(&self, shard: u32) -> impl ExactSizeIterator<Item = (Digest, u32)> {
        let range = self.bounds[shard as usize]..self.bounds[shard as usize + 1];
        self.order[range].iter().map(|pair| (self.digests[*pair as usize], *pair))
    }
}

impl Drop for Split {
    fn drop(&mut self) {
        // Which shard a pair fell to is part of its digest.
        self.order.zeroize();
    }
}

fn digest_all<K, V>(pairs: &[(K, V)], parameters: &Parameters, threads: NonZeroUsize) -> Zeroizing<Vec<Digest>>
where
    K: AsRef<[u8]> + Sync,
    V: Sync,
{
    let mut digests = Zeroizing::new(vec![Digest::default(); pairs.len()]);
    let run = pairs.len().div_ceil(threads.get()).max(1);
    thread::scope(|scope| {
        for (pairs, digests) in pairs.chunks(run).zip(digests.chunks_mut(run)) {
            scope.spawn(move || {
                let mut hasher = parameters.keys().hasher();
                for ((key, _), digest) in pairs.iter().zip(digests) {
                    *digest = hasher.digest(key.as_ref());
                }
            });
        }
    });
    digests
}
