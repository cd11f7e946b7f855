//! Small calls beside the large ones: rounds that are started, published to by other workers, and read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    node::Node,
    wire::{Wire, pair, spec},
};
use tokio::task::JoinHandle;

use super::readers::Durations;

/// Rounds that are started; fewer than may be open at once.
const ROUNDS: u32 = 40;
/// Workers for whom the round that is published to waits; it stays open if one of them is missing.
const WORKERS: u32 = 1_000;

/// Calls under way, at each node in turn.
pub(crate) struct Control {
    enough: Arc<AtomicBool>,
    task: JoinHandle<Result<Durations>>,
}

impl Control {
    /// Begins to call.
    pub(crate) async fn begin(cluster: &Cluster) -> Result<Self> {
        let wires = cluster.nodes().iter().map(Node::wire).collect::<Result<Vec<_>>>()?;
        let uid = wires[0].start("many-workers", small(WORKERS)).await?.round_uid;
        let enough = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&enough);
        let task = tokio::spawn(async move {
            let mut took = Vec::new();
            for (number, wire) in (0..).zip(wires.iter().cycle()) {
                if ending.load(Ordering::Relaxed) {
                    break;
                }
                take_a_turn(wire, &uid, number, &mut took).await.with_context(|| format!("turn {number}"))?;
            }
            ensure!(took.len() > wires.len(), "{} calls were answered", took.len());
            Ok(Durations::new(took))
        });
        Ok(Self { enough, task })
    }

    /// Ends them; how long calls took. None has failed, though none was repeated.
    pub(crate) async fn end(self) -> Result<Durations> {
        self.enough.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

/// A spec for so many workers with a pair each.
fn small(workers: u32) -> v1::RoundSpec {
    v1::RoundSpec { max_pairs: Some(workers.into()), ..spec(workers) }
}

/// One call of each kind.
async fn take_a_turn(wire: &Wire, uid: &str, number: u32, took: &mut Vec<Duration>) -> Result<()> {
    let mut begun = Instant::now();
    let mut lap = || took.push(std::mem::replace(&mut begun, Instant::now()).elapsed());
    if number < ROUNDS {
        wire.start(&format!("small-{number}"), small(2)).await.context("starting")?;
        lap();
    }
    if number < WORKERS - 1 {
        let key = number.to_be_bytes();
        wire.publish(uid, &format!("small-{number}"), vec![pair(key, "value")]).await.context("publishing")?;
        lap();
    }
    let round = wire.round(uid).await.context("reading")?;
    lap();
    ensure!(round.round_uid == uid, "it is another round");
    Ok(())
}
