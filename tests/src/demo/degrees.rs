//! Round 1: every worker holds some vertices of a graph, publishes their degrees, and learns the mean degree of their
//! neighbours without showing who those are.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use silhouette_client::{Client, Mode, RoundSpec, RoundUid};

use super::{
    WORKERS,
    graph::{Graph, Mean},
    lookups::{Pairs, Tally, look_up, sum},
    narration::Narration,
    table::Row,
};
use crate::harness::cluster::Cluster;

/// Lookups that each worker forces through private queries, absent keys among them: 8 x 66 = 528 a round.
const FORCED: usize = 66;
/// Of those, names of vertices that do not exist.
const ABSENT: usize = 6;
/// A degree, as four bytes.
const VALUE_BYTES: u32 = 4;

/// What one worker found.
struct Report {
    mean: Mean,
    forced: Tally,
    auto: Tally,
}

/// Runs the round on a graph.
pub(super) async fn run(cluster: &Cluster, narration: Narration, name: &str, graph: &Graph) -> Result<Vec<Row>> {
    Narration::title(&format!("round 1, {name}: {} vertices, {} edges", graph.order(), graph.size()));
    let id = format!("degrees/{name}");
    let spec = RoundSpec::for_workers(WORKERS).values_of(VALUE_BYTES);
    let round = cluster.client()?.start_round(&id, &spec).await?.uid;
    narration.say(&format!("round {id} is open for {WORKERS} workers"));

    let graph = Arc::new(graph.clone());
    let truth: Pairs = graph.vertices().map(|vertex| (key(vertex), value(graph.degree(vertex)))).collect();
    let truth = Arc::new(truth);
    let begun = Instant::now();
    let workers = (0..WORKERS).map(|number| {
        let worker = Worker { number, round, graph: Arc::clone(&graph), truth: Arc::clone(&truth), narration };
        let client = cluster.client();
        async move { tokio::spawn(worker.run(client?, begun)).await? }
    });
    let reports = try_join_all(workers).await?;

    let to_ready = reports.iter().map(|(ready, _)| ready.duration_since(begun)).min().context("no worker ran")?;
    let reports: Vec<_> = reports.into_iter().map(|(_, report)| report).collect();
    let everything = graph.mean_neighbour_degree(&graph.vertices().collect::<Vec<_>>());
    let found = reports.iter().fold(Mean::default(), |all, report| Mean {
        sum: all.sum + report.mean.sum,
        count: all.count + report.mean.count,
    });
    ensure!(found == everything, "mean neighbour degree {found}, {everything} by the plain computation");
    narration.say(&format!("mean neighbour degree of the whole graph: {found}, as by the plain computation"));
    let row = |tally| Row { round: id.clone(), pairs: truth.len() as u64, to_ready, tally };
    Ok(vec![row(sum(reports.iter().map(|report| &report.forced))), row(sum(reports.iter().map(|report| &report.auto)))])
}

/// A worker and its part of the graph.
struct Worker {
    number: u32,
    round: RoundUid,
    graph: Arc<Graph>,
    truth: Arc<Pairs>,
    narration: Narration,
}

impl Worker {
    async fn run(self, client: Client, begun: Instant) -> Result<(Instant, Report)> {
        let name = format!("worker-{}", self.number);
        let mine: Vec<u64> =
            self.graph.vertices().filter(|vertex| vertex % u64::from(WORKERS) == u64::from(self.number)).collect();
        let pairs: Vec<_> = mine.iter().map(|&vertex| (key(vertex), value(self.graph.degree(vertex)))).collect();
        client.publish(self.round, &name, pairs).await.with_context(|| format!("{name} cannot publish"))?;
        self.narration.say(&format!("{name} has published {} degrees", mine.len()));
        client.wait(self.round).await?;
        let ready = Instant::now();
        if self.number == 0 {
            self.narration.say(&format!("Ready {:.2} s after the first publication", (ready - begun).as_secs_f64()));
        }

        let neighbours: BTreeSet<u64> = mine.iter().flat_map(|&vertex| self.graph.neighbours(vertex)).collect();
        let neighbours: Vec<u64> = neighbours.into_iter().collect();
        let keys: Vec<_> = neighbours.iter().copied().map(key).collect();
        let (values, auto) = look_up(&client, self.round, keys, Mode::Auto, &self.truth).await?;
        let degrees: HashMap<u64, u64> = neighbours
            .iter()
            .copied()
            .zip(values)
            .filter_map(|(vertex, value)| Some((vertex, degree(&value?)?)))
            .collect();
        let next_to = mine.iter().flat_map(|&vertex| self.graph.neighbours(vertex));
        let mean = Mean::of(next_to.filter_map(|neighbour| degrees.get(&neighbour).copied()));
        let plain = self.graph.mean_neighbour_degree(&mine);
        ensure!(mean == plain, "{name} found mean neighbour degree {mean}; it is {plain}");

        let (_, forced) = look_up(&client, self.round, self.forced_keys(&neighbours), Mode::Pir, &self.truth).await?;
        self.narration.say(&format!(
            "{name}: mean neighbour degree {mean} of {} neighbours ({}); {} private queries, {} wrong",
            neighbours.len(),
            auto.methods(),
            forced.lookups,
            forced.wrong
        ));
        Ok((ready, Report { mean, forced, auto }))
    }

    /// Neighbours, again from the first if they are few, and vertices that do not exist.
    fn forced_keys(&self, neighbours: &[u64]) -> Vec<Vec<u8>> {
        let beyond = self.graph.vertices().last().unwrap_or_default();
        let absent = (1..=ABSENT as u64).map(|step| key(beyond.wrapping_add(step)));
        let present = neighbours.iter().cycle().take(FORCED - ABSENT).copied().map(key);
        present.chain(absent).collect()
    }
}

fn key(vertex: u64) -> Vec<u8> {
    format!("vertex-{vertex}").into_bytes()
}

fn value(degree: u64) -> Vec<u8> {
    // No graph that fits into memory has a vertex of more neighbours than 32 bits can count.
    u32::try_from(degree).unwrap_or(u32::MAX).to_be_bytes().to_vec()
}

fn degree(value: &[u8]) -> Option<u64> {
    Some(u32::from_be_bytes(value.try_into().ok()?).into())
}
