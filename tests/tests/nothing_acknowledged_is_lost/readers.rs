//! Clients that read Ready rounds while members fail: every answer they get must be right.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, Result};
use silhouette_client::Mode;
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{Pairs, check_answers},
};
use tokio::task::JoinHandle;

use super::wave::Published;

/// Keys of one lookup that were published; as many that were not are asked with them.
const KEYS: usize = 3;

/// Readers under way, one a round.
pub(crate) struct Readers {
    enough: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Result<u64>>>,
}

impl Readers {
    /// Reads these rounds until told to end.
    pub(crate) fn begin(cluster: &Cluster, rounds: &[Published], mut random: fastrand::Rng) -> Result<Self> {
        let enough = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for round in rounds {
            let (client, enough, mut random) = (cluster.client()?, Arc::clone(&enough), random.fork());
            let (uid, pairs) = (round.uid, round.pairs.clone());
            tasks.push(tokio::spawn(async move {
                let mut lookups = 0;
                while !enough.load(Ordering::Relaxed) {
                    let some: Pairs = (0..KEYS).map(|_| pairs[random.usize(..pairs.len())].clone()).collect();
                    check_answers(&client, uid, &some, Mode::Pir).await.context("while members fail")?;
                    lookups += 2 * KEYS as u64;
                }
                Ok(lookups)
            }));
        }
        Ok(Self { enough, tasks })
    }

    /// Ends them; how many keys they looked up, all rightly.
    pub(crate) async fn end(self) -> Result<u64> {
        self.enough.store(true, Ordering::Relaxed);
        let mut lookups = 0;
        for task in self.tasks {
            lookups += task.await??;
        }
        Ok(lookups)
    }
}
