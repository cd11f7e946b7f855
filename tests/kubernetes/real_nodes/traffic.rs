//! Rounds that are published and looked up while a cluster changes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use parking_lot::Mutex;
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

/// Between two lookups of a reader.
const READING_PACE: Duration = Duration::from_millis(200);

/// Rounds that are ready, with their pairs.
type Rounds = Arc<Mutex<Vec<(RoundUid, Pairs)>>>;

/// Publishing and looking up, under way.
pub(crate) struct Traffic {
    enough: Arc<AtomicBool>,
    rounds: Rounds,
    publishing: JoinHandle<Result<()>>,
    reading: JoinHandle<Result<Reading>>,
}

/// What a reader saw.
struct Reading {
    lookups: usize,
    /// The longest that a lookup took: for as long nobody answered, at most.
    longest: Duration,
}

impl Traffic {
    /// Begins; the first wrong answer, lost round or failed call ends it. `reader` has the patience of the library's users,
    /// which is short: whatever is done to the cluster, rounds that are ready are answered throughout.
    pub(crate) fn begin(client: Client, reader: Client) -> Self {
        let (enough, rounds) = (Arc::new(AtomicBool::new(false)), Rounds::default());
        let publishing = tokio::spawn(publish(client, Arc::clone(&rounds), Arc::clone(&enough)));
        let reading = tokio::spawn(read(reader, Arc::clone(&rounds), Arc::clone(&enough)));
        Self { enough, rounds, publishing, reading }
    }

    /// An error if it has ended by one.
    pub(crate) async fn flows(&mut self) -> Result<()> {
        if self.publishing.is_finished() {
            (&mut self.publishing).await?.context("while the cluster changed")?;
        }
        if self.reading.is_finished() {
            (&mut self.reading).await?.context("while the cluster changed")?;
        }
        Ok(())
    }

    /// Ends it, and looks every pair of every round up once more; how many rounds were published.
    pub(crate) async fn end(self, client: &Client) -> Result<usize> {
        self.enough.store(true, Ordering::Relaxed);
        self.publishing.await?.context("while the cluster changed")?;
        let Reading { lookups, longest } = self.reading.await?.context("while the cluster changed")?;
        println!("{lookups} lookups meanwhile, the longest in {} ms", longest.as_millis());
        ensure!(lookups > 0, "nobody read");
        let rounds = std::mem::take(&mut *self.rounds.lock());
        for (uid, pairs) in &rounds {
            check_answers(client, *uid, pairs, Mode::Download).await.context("after all changes")?;
        }
        Ok(rounds.len())
    }
}

async fn publish(client: Client, rounds: Rounds, enough: Arc<AtomicBool>) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(6);
    let mut number = 0;
    while !enough.load(Ordering::Relaxed) {
        let spec = RoundSpec::for_workers(1).max_pairs(PAIRS as u64);
        let uid = client.start_round(&format!("traffic/{number}"), &spec).await.context("cannot start")?.uid;
        let pairs = random_pairs(&mut random, PAIRS);
        client.publish(uid, "w0", pairs.clone()).await.with_context(|| format!("cannot publish to {uid}"))?;
        client.wait(uid).timeout(PATIENCE).await.with_context(|| format!("{uid} does not become ready"))?;
        look_up(&client, uid, &pairs, &mut random).await?;
        rounds.lock().push((uid, pairs));
        number += 1;
        sleep(PACE).await;
    }
    Ok(())
}

async fn read(client: Client, rounds: Rounds, enough: Arc<AtomicBool>) -> Result<Reading> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut reading = Reading { lookups: 0, longest: Duration::ZERO };
    while !enough.load(Ordering::Relaxed) {
        let any = random.choice(rounds.lock().iter()).cloned();
        if let Some((uid, pairs)) = any {
            let began = Instant::now();
            look_up(&client, uid, &pairs, &mut random).await?;
            reading.lookups += 1;
            reading.longest = reading.longest.max(began.elapsed());
        }
        sleep(READING_PACE).await;
    }
    Ok(reading)
}

/// Looks up some pairs of a round, by private queries.
async fn look_up(client: &Client, uid: RoundUid, pairs: &Pairs, random: &mut fastrand::Rng) -> Result<()> {
    let some: Pairs = (0..LOOKUPS).map(|_| pairs[random.usize(..PAIRS)].clone()).collect();
    check_answers(client, uid, &some, Mode::Pir).await.with_context(|| format!("cannot look up in {uid}"))
}
