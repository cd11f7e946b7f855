//! Clients that look up, and how long it takes them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use silhouette_client::{Mode, RoundUid};
use silhouette_tests::harness::{cluster::Cluster, rounds::Pairs};
use tokio::task::JoinHandle;

/// Clients under way, each of one node.
pub(crate) struct Readers {
    enough: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Result<Vec<Duration>>>>,
}

/// How long each of some things took.
pub(crate) struct Durations(Vec<Duration>);

impl Readers {
    /// So many clients, spread over the nodes, that look up one key after another.
    pub(crate) fn begin(cluster: &Cluster, count: usize, uid: RoundUid, pairs: &Pairs) -> Result<Self> {
        let enough = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for reader in 0..count {
            let (client, enough) = (cluster.client_of(reader % cluster.nodes().len())?, Arc::clone(&enough));
            let own: Pairs = pairs.iter().skip(reader).step_by(count).cloned().collect();
            tasks.push(tokio::spawn(async move {
                let mut took = Vec::new();
                for (key, expected) in own.iter().cycle() {
                    if enough.load(Ordering::Relaxed) {
                        break;
                    }
                    let begun = Instant::now();
                    let answers = client.get_many(uid, [key.clone()]).mode(Mode::Pir).await;
                    took.push(begun.elapsed());
                    let answers = answers.with_context(|| format!("reader {reader}"))?;
                    ensure!(answers.values() == [Some(expected.clone())], "reader {reader} got a wrong answer");
                }
                Ok(took)
            }));
        }
        Ok(Self { enough, tasks })
    }

    /// Ends them; how long lookups took. Every reader has got answers.
    pub(crate) async fn end(self) -> Result<Durations> {
        self.enough.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for (reader, task) in self.tasks.into_iter().enumerate() {
            let took = task.await??;
            ensure!(took.len() > 1, "reader {reader} got {} answers", took.len());
            all.extend(took);
        }
        Ok(Durations::new(all))
    }
}

impl Durations {
    pub(crate) fn new(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The duration that a share of them, in percent, does not exceed.
    fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(place).map_or(f64::NAN, Duration::as_secs_f64)
    }
}

impl fmt::Display for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most, all] = [50, 99, 100].map(|percent| self.percentile(percent) * 1e3);
        write!(f, "{} in all; p50 {half:.1} ms, p99 {most:.1} ms, longest {all:.1} ms", self.0.len())
    }
}
