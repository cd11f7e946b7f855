//! Two rounds at once, and sixteen workers that publish to both.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use silhouette_client::{Client, Mode, Phase, RoundSpec, RoundUid};
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{Pairs, check_answers, random_pairs},
    waiting::PATIENCE,
};
use tokio::task::JoinHandle;

const ROUNDS: usize = 2;
const WORKERS: u32 = 16;
const PAIRS_PER_WORKER: usize = 40;
/// Room for more pairs than there are: encoding takes longer, and more faults fall into it.
const MAX_PAIRS: u64 = 4_000;
/// Pairs of each round that are also looked up by private queries.
const QUERIED_PAIRS: usize = 40;

/// A round and every pair that was acknowledged.
pub(crate) struct Published {
    pub(crate) uid: RoundUid,
    pub(crate) pairs: Pairs,
}

impl Published {
    /// Compares what the cluster answers with what was acknowledged.
    pub(crate) async fn check(&self, cluster: &Cluster) -> Result<()> {
        let client = cluster.client()?;
        check_answers(&client, self.uid, &self.pairs, Mode::Download).await.context("by download")?;
        let step = (self.pairs.len() / QUERIED_PAIRS).max(1);
        let some: Pairs = self.pairs.iter().step_by(step).cloned().collect();
        check_answers(&client, self.uid, &some, Mode::Pir).await.context("by private queries")
    }
}

/// How far a wave has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// Of a hundred parts of all bytes of pairs, how many are durable.
    pub(crate) durable_percent: u64,
    /// Publications that are not yet acknowledged.
    pub(crate) publications_left: u64,
    /// Whether a round has been seen sealed.
    pub(crate) sealed: bool,
    /// Whether a round has been seen Ready.
    pub(crate) ready: bool,
}

/// What publishing tasks report.
#[derive(Debug, Default)]
struct Progress {
    /// Bytes of each publication: durable, and all. They are known when the first chunk is durable.
    publications: Vec<(AtomicU64, AtomicU64)>,
    acknowledged: AtomicU64,
    sealed: AtomicBool,
    ready: AtomicBool,
}

/// A wave under way.
pub(crate) struct Wave {
    progress: Arc<Progress>,
    rounds: Vec<Published>,
    tasks: Vec<JoinHandle<Result<()>>>,
}

impl Wave {
    /// Starts the rounds and the workers.
    pub(crate) async fn begin(client: &Client, number: u64, random: &mut fastrand::Rng) -> Result<Self> {
        let publications = ROUNDS * WORKERS as usize;
        let progress =
            Progress { publications: (0..publications).map(|_| Default::default()).collect(), ..Default::default() };
        let mut wave = Self { progress: Arc::new(progress), rounds: Vec::new(), tasks: Vec::new() };
        for round in 0..ROUNDS {
            let spec = RoundSpec::for_workers(WORKERS).max_pairs(MAX_PAIRS);
            let uid = client.start_round(&format!("wave-{number}/{round}"), &spec).await?.uid;
            let pairs = random_pairs(random, WORKERS as usize * PAIRS_PER_WORKER);
            for (worker, part) in pairs.chunks(PAIRS_PER_WORKER).enumerate() {
                let publication = round * WORKERS as usize + worker;
                wave.publish(client.clone(), uid, worker, part.to_vec(), publication);
            }
            wave.follow(client.clone(), uid);
            wave.rounds.push(Published { uid, pairs });
        }
        Ok(wave)
    }

    fn publish(&mut self, client: Client, uid: RoundUid, worker: usize, pairs: Pairs, publication: usize) {
        let progress = Arc::clone(&self.progress);
        self.tasks.push(tokio::spawn(async move {
            let (durable, all) = &progress.publications[publication];
            let publishing = client.publish(uid, format!("w{worker}"), pairs).on_progress(|so_far| {
                durable.store(so_far.done, Ordering::Relaxed);
                all.store(so_far.total, Ordering::Relaxed);
            });
            publishing.await.with_context(|| format!("worker {worker} of round {uid} cannot publish"))?;
            progress.acknowledged.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }));
    }

    fn follow(&mut self, client: Client, uid: RoundUid) {
        let progress = Arc::clone(&self.progress);
        self.tasks.push(tokio::spawn(async move {
            let waiting = client.wait(uid).timeout(PATIENCE).on_change(|round| {
                progress.sealed.fetch_or(round.phase >= Phase::Sealed, Ordering::Relaxed);
                progress.ready.fetch_or(round.phase == Phase::Ready, Ordering::Relaxed);
            });
            waiting.await.with_context(|| format!("round {uid} does not become ready"))?;
            Ok(())
        }));
    }

    /// How far it has come.
    pub(crate) fn view(&self) -> View {
        let publications = self.progress.publications.len() as u64;
        // One that has not begun counts with none of its bytes: each publication is as large as the others.
        let percents = self
            .progress
            .publications
            .iter()
            .map(|(durable, all)| durable.load(Ordering::Relaxed) * 100 / all.load(Ordering::Relaxed).max(1));
        View {
            durable_percent: percents.sum::<u64>() / publications,
            publications_left: publications - self.progress.acknowledged.load(Ordering::Relaxed),
            sealed: self.progress.sealed.load(Ordering::Relaxed),
            ready: self.progress.ready.load(Ordering::Relaxed),
        }
    }

    /// Waits until every publication is acknowledged and every round Ready; the rounds and what must be in them.
    pub(crate) async fn finish(self) -> Result<Vec<Published>> {
        try_join_all(self.tasks.into_iter().map(async |task| task.await?)).await?;
        Ok(self.rounds)
    }
}
