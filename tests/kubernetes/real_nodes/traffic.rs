//! Rounds that are published and looked up while a cluster changes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use silhouette_client::{Client, Mode, RoundSpec, RoundUid};
use silhouette_tests::harness::rounds::{Pairs, check_answers, random_pairs};
use tokio::{task::JoinHandle, time::sleep};

use super::PATIENCE;

/// Pairs of a round.
const PAIRS: usize = 40;
/// Pairs of a lookup; as many keys that nobody published are asked with them.
const LOOKUPS: usize = 3;
/// Between two rounds, so that what the test is about has the machine, too.
const PACE: Duration = Duration::from_millis(500);

/// Publishing and looking up, under way.
pub(crate) struct Traffic {
    enough: Arc<AtomicBool>,
    task: JoinHandle<Result<Vec<(RoundUid, Pairs)>>>,
}

impl Traffic {
    /// Begins; the first wrong answer, lost round or failed call ends it.
    pub(crate) fn begin(client: Client) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(client, Arc::clone(&enough)));
        Self { enough, task }
    }

    /// An error if it has ended by one.
    pub(crate) async fn flows(&mut self) -> Result<()> {
        if self.task.is_finished() {
            (&mut self.task).await?.context("while the cluster changed")?;
        }
        Ok(())
    }

    /// Ends it, and looks every pair of every round up once more; how many rounds were published.
    pub(crate) async fn end(self, client: &Client) -> Result<usize> {
        self.enough.store(true, Ordering::Relaxed);
        let rounds = self.task.await?.context("while the cluster changed")?;
        for (uid, pairs) in &rounds {
            check_answers(client, *uid, pairs, Mode::Download).await.context("after all changes")?;
        }
        Ok(rounds.len())
    }
}

async fn run(client: Client, enough: Arc<AtomicBool>) -> Result<Vec<(RoundUid, Pairs)>> {
    let mut random = fastrand::Rng::with_seed(6);
    let mut rounds: Vec<(RoundUid, Pairs)> = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        let spec = RoundSpec::for_workers(1).max_pairs(PAIRS as u64);
        let uid = client.start_round(&format!("traffic/{}", rounds.len()), &spec).await.context("cannot start")?.uid;
        let pairs = random_pairs(&mut random, PAIRS);
        client.publish(uid, "w0", pairs.clone()).await.with_context(|| format!("cannot publish to {uid}"))?;
        client.wait(uid).timeout(PATIENCE).await.with_context(|| format!("{uid} does not become ready"))?;
        rounds.push((uid, pairs));
        // The new round, and any of the earlier ones.
        for index in [rounds.len() - 1, random.usize(..rounds.len())] {
            let (uid, pairs) = &rounds[index];
            let some: Pairs = (0..LOOKUPS).map(|_| pairs[random.usize(..PAIRS)].clone()).collect();
            check_answers(&client, *uid, &some, Mode::Pir).await.with_context(|| format!("cannot look up in {uid}"))?;
        }
        sleep(PACE).await;
    }
    Ok(rounds)
}
