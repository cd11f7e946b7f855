//! Round 2: 100,000 pairs, and the leader is killed while they are being published.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use parking_lot::Mutex;
use silhouette_client::{Client, Mode, RoundSpec, RoundUid};

use super::{
    WORKERS,
    lookups::{Pairs, Tally, look_up, sum},
    narration::Narration,
    table::Row,
};
use crate::harness::{cluster::Cluster, node::Node};

const ROUND: &str = "crowd";
const PAIRS: u64 = 100_000;
const VALUE_BYTES: u32 = 8;
/// Small, so that a publication has several chunks and the kill falls between them.
const CHUNK_BYTES: usize = 32 << 10;
/// Of a hundred parts of all bytes, how many are durable when the leader is killed.
const KILL_AT_PERCENT: u64 = 25;

/// Lookups that each worker forces through private queries at each node: 8 x 3 x 24 = 576 in all.
const FORCED: u64 = 24;
/// Of those, keys that nobody published.
const ABSENT: u64 = 4;
/// Lookups that each worker leaves to the plan at each node.
const AUTOMATIC: u64 = 200;

/// Runs the round.
pub(super) async fn run(cluster: &mut Cluster, narration: Narration) -> Result<Vec<Row>> {
    Narration::title(&format!("round 2: {PAIRS} pairs, and the leader is killed"));
    let spec = RoundSpec::for_workers(WORKERS).values_of(VALUE_BYTES);
    let round = cluster.client()?.start_round(ROUND, &spec).await?.uid;
    let leader = cluster.leader().await?;
    narration.say(&format!("round {ROUND} is open; {} leads", cluster.node(leader).name()));

    let begun = Instant::now();
    publish(cluster, leader, round, narration).await?;
    let killed = cluster.node(leader).name().to_owned();
    cluster.node_mut(leader).start().await?;
    narration.say(&format!("{killed} is back"));
    cluster.client()?.wait(round).await?;
    let to_ready = begun.elapsed();
    narration.say(&format!("Ready {:.2} s after the first publication, the kill included", to_ready.as_secs_f64()));
    let leads = cluster.leader().await?;
    cluster.all_ready().await?;
    narration.say(&format!("{} leads; all three nodes are ready, {killed} included", cluster.node(leads).name()));

    let truth: Arc<Pairs> = Arc::new((0..PAIRS).map(|number| (key(number), value(number))).collect());
    let mut rows = Vec::new();
    for (index, node) in cluster.nodes().iter().enumerate() {
        let clients = (0..WORKERS).map(|_| cluster.client_of(index)).collect::<Result<Vec<_>>>()?;
        let (forced, auto) = look_up_at(clients, round, &truth).await?;
        narration.say(&format!(
            "{}: {} private queries, {} wrong; {} keys by {}, {} wrong",
            node.name(),
            forced.lookups,
            forced.wrong,
            auto.lookups,
            auto.methods(),
            auto.wrong
        ));
        let row = |tally| Row { round: format!("{ROUND}, {}", node.name()), pairs: PAIRS, to_ready, tally };
        rows.extend([row(forced), row(auto)]);
    }
    Ok(rows)
}

/// All workers publish; the leader is killed when a quarter is durable.
async fn publish(cluster: &mut Cluster, leader: usize, round: RoundUid, narration: Narration) -> Result<()> {
    let endpoints = cluster.endpoints();
    let killer = Arc::new(Killer {
        target: Mutex::new(Some(cluster.node_mut(leader))),
        durable: (0..WORKERS).map(|_| AtomicU64::new(0)).collect(),
        narration,
    });
    let workers = (0..WORKERS).map(|number| {
        let (killer, endpoints) = (Arc::clone(&killer), endpoints.clone());
        async move {
            let client = Client::builder().endpoints(endpoints).chunk_bytes(CHUNK_BYTES).build()?;
            let name = format!("worker-{number}");
            let mine = (0..PAIRS).filter(|pair| pair % u64::from(WORKERS) == u64::from(number));
            let publication = client
                .publish(round, &name, mine.map(|pair| (key(pair), value(pair))))
                .on_progress(|progress| killer.observe(number, progress.done, progress.total));
            publication.await.with_context(|| format!("{name} cannot publish"))?;
            narration.say(&format!("{name} has published {} pairs", PAIRS / u64::from(WORKERS)));
            anyhow::Ok(())
        }
    });
    try_join_all(workers).await?;
    ensure!(killer.target.lock().is_none(), "the leader was not killed while workers published");
    Ok(())
}

/// Kills a node when enough is durable, at once and from within a worker that has not finished.
struct Killer<'a> {
    target: Mutex<Option<&'a mut Node>>,
    /// Bytes that are durable, a worker each.
    durable: Vec<AtomicU64>,
    narration: Narration,
}

impl Killer<'_> {
    fn observe(&self, worker: u32, done: u64, total: u64) {
        self.durable[worker as usize].store(done, Ordering::Relaxed);
        let durable: u64 = self.durable.iter().map(|bytes| bytes.load(Ordering::Relaxed)).sum();
        let percent = durable * 100 / (total * u64::from(WORKERS)).max(1);
        if percent < KILL_AT_PERCENT || done >= total {
            return;
        }
        let Some(target) = self.target.lock().take() else { return };
        let outcome = target.kill();
        let told = match outcome {
            Ok(()) => format!("{} is killed (SIGKILL): {percent} % of all pairs are durable", target.name()),
            Err(error) => format!("{} cannot be killed: {error:#}", target.name()),
        };
        self.narration.say(&told);
    }
}

/// Each client looks up its share at the node that it knows.
async fn look_up_at(clients: Vec<Client>, round: RoundUid, truth: &Arc<Pairs>) -> Result<(Tally, Tally)> {
    let workers = (0..).zip(clients).map(|(number, client)| {
        let truth = Arc::clone(truth);
        tokio::spawn(async move {
            // Spread over all pairs, other ones for each worker.
            let present = |count: u64| (0..count).map(move |step| key((number * 7_919 + step * 104_729) % PAIRS));
            let absent = (0..ABSENT).map(move |step| key(PAIRS + number * ABSENT + step));
            let forced = present(FORCED - ABSENT).chain(absent.clone()).collect();
            let automatic = present(AUTOMATIC - ABSENT).chain(absent).collect();
            let (_, forced) = look_up(&client, round, forced, Mode::Pir, &truth).await?;
            let (_, automatic) = look_up(&client, round, automatic, Mode::Auto, &truth).await?;
            anyhow::Ok((forced, automatic))
        })
    });
    let tallies = try_join_all(workers).await?.into_iter().collect::<Result<Vec<_>>>()?;
    Ok((sum(tallies.iter().map(|(forced, _)| forced)), sum(tallies.iter().map(|(_, automatic)| automatic))))
}

fn key(number: u64) -> Vec<u8> {
    format!("item-{number:06}").into_bytes()
}

fn value(number: u64) -> Vec<u8> {
    // Any function of the number in which one wrong byte shows.
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes().to_vec()
}
