//! Whoever sends or reads much, or stops reading, takes nothing from the others that is theirs.

mod control;
mod publisher;
mod readers;

use std::{env, time::Duration};

use anyhow::{Context as _, Result, ensure};
use futures::future::join_all;
use silhouette_client::{Mode, RoundSpec};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    rounds::{check_answers, random_pairs},
    waiting::eventually,
    wire::{Wire, refused},
};
use tonic::Code;

use self::{control::Control, publisher::Publisher, readers::Readers};

/// What one worker streams; with `SILHOUETTE_SOAK` in the environment (`make soak`), 10 GiB.
const STREAMED_BYTES: u64 = 256 << 20;
const SOAK_STREAMED_BYTES: u64 = 10 << 30;
/// Clients that look up meanwhile, over all nodes.
const READERS: usize = 64;

/// What must not have changed at a member when there was no election.
async fn leadership(cluster: &Cluster) -> Result<Vec<(u64, u64, u64)>> {
    let mut seen = Vec::new();
    for node in cluster.nodes() {
        let status = node.wire()?.status().await?;
        let changes = node.metric("silhouette_raft_leader_changes_seen_total").await?;
        seen.push((status.term, status.leader_id, changes as u64));
    }
    Ok(seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_streams_much_starves_nobody() -> Result<()> {
    let bytes = if env::var_os("SILHOUETTE_SOAK").is_some() { SOAK_STREAMED_BYTES } else { STREAMED_BYTES };
    // Elections that a busy machine alone does not bring about; little log, for the disk's sake; and a worker that is not
    // the library, which would connect again when a connection has had its time.
    let configuration = Configuration::short_times()
        .time("limits.connection_age", Duration::from_hours(24))
        .time("raft.tick", Duration::from_millis(100))
        .number("raft.election_ticks", 50)
        .time("raft.read_timeout", Duration::from_secs(20))
        .number("raft.compact_entries", 20_000)
        .number("raft.keep_entries", 50);
    let cluster = Cluster::of(3, configuration).await?;
    let client = cluster.client()?;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(1), 2_000);
    let uid = client.start_round("read", &RoundSpec::for_workers(1).expected_lookups(1)).await?.uid;
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    cluster.settled().await?;
    let before = leadership(&cluster).await?;

    let readers = Readers::begin(&cluster, READERS, uid, &pairs)?;
    let control = Control::begin(&cluster).await?;
    let streamed = Publisher::of(&cluster).await?.stream(bytes).await?;
    let calls = control.end().await.context("other calls")?;
    let lookups = readers.end().await.context("lookups")?;

    ensure!(leadership(&cluster).await? == before, "there was an election: {before:?}");
    eprintln!("{streamed}\n64 readers: {lookups}\nother calls: {calls}");
    cluster.passed();
    Ok(())
}

/// Readers that stop after the first part.
const STALLED: usize = 48;
/// What one of them may cost a node: some parts in buffers. Whole copies would cost each more than 8 MiB.
const STALLED_BYTES: u64 = 2 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_reading_costs_a_few_parts_and_keeps_no_round() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let mut random = fastrand::Rng::with_seed(2);
    let pairs = (0..8_000_u32).map(|number| {
        (number.to_be_bytes(), std::iter::repeat_with(|| random.u8(..)).take(1_024).collect::<Vec<u8>>())
    });
    let uid = client.start_round("large", &RoundSpec::for_workers(1).values_of(1_024)).await?.uid;
    client.publish(uid, "w0", pairs).await?;
    client.wait(uid).await?;
    cluster.settled().await?;
    let shape = client.shape(uid).await?;
    ensure!(shape.encoding_bytes() > 4 * STALLED_BYTES, "an encoding of {} bytes", shape.encoding_bytes());

    let node = cluster.node(0);
    let resident = async || node.metric("process_resident_memory_bytes").await;
    let before = resident().await?;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        // A connection each: nothing but the reader itself holds the node back.
        let mut retrieval = node.wire()?.retrieval;
        let request = v1::DownloadEncodingRequest {
            round_uid: uid.to_string(),
            encoding_digest: shape.encoding_digest().as_bytes().to_vec().into(),
            offset: 0,
        };
        let mut parts = retrieval.download_encoding(request).await?.into_inner();
        parts.message().await?.context("a first part")?;
        stalled.push(parts);
    }
    // Whoever reads on is served meanwhile.
    let alone = cluster.client_of(0)?;
    ensure!(alone.get_many(uid, [1_u32.to_be_bytes()]).mode(Mode::Download).await?.values()[0].is_some(), "served");
    let cost = (resident().await? - before).max(0.0) as u64;
    eprintln!("{STALLED} stalled readers cost {} KiB each", cost / STALLED as u64 / 1024);
    ensure!(cost < STALLED as u64 * STALLED_BYTES, "{STALLED} readers cost {cost} bytes");

    client.delete_round(uid).await?;
    eventually("the round is not held any more", async || {
        ensure!(node.wire()?.status().await?.rounds_held == 0, "it is held");
        Ok(())
    })
    .await?;
    for parts in stalled {
        let refusal = refused(to_the_end(parts).await)?;
        ensure!(refusal.reason == "ROUND_NOT_HELD", "{} instead", refusal.reason);
    }
    cluster.passed();
    Ok(())
}

async fn to_the_end(mut parts: tonic::Streaming<v1::DownloadEncodingResponse>) -> Result<(), tonic::Status> {
    while parts.message().await?.is_some() {}
    Ok(())
}

/// Queries of one connection that are under way at once, where one may wait.
const AT_ONCE: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn queries_beyond_what_may_wait_are_refused_and_succeed_when_repeated() -> Result<()> {
    let configuration = Configuration::short_times()
        .number("retrieval.query_threads", 1)
        .number("retrieval.batch_queries", 1)
        .number("retrieval.waiting_queries", 2)
        .number("retrieval.waiting_queries_per_connection", 1);
    let cluster = Cluster::of(1, configuration).await?;
    let client = cluster.client()?;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(3), 3_000);
    let uid = client.start_round("read", &RoundSpec::for_workers(1)).await?.uid;
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    cluster.settled().await?;

    let wire = cluster.node(0).wire()?;
    let shape = client.shape(uid).await?;
    let request = v1::QueryRequest {
        round_uid: uid.to_string(),
        encoding_digest: shape.encoding_digest().as_bytes().to_vec().into(),
        query: vec![0; shape.query_bytes() as usize].into(),
    };
    let ask = async |wire: &Wire| wire.retrieval.clone().query(request.clone()).await;
    eventually("a query is refused", async || {
        let outcomes = join_all((0..AT_ONCE).map(|_| ask(&wire))).await;
        let refusals = outcomes.into_iter().filter(Result::is_err).map(refused).collect::<Result<Vec<_>>>()?;
        let refusal = refusals.first().context("all were answered")?;
        ensure!((refusal.reason.as_str(), refusal.code) == ("TOO_MANY_QUERIES", Code::ResourceExhausted));
        let setting = &refusal.metadata["setting"];
        ensure!(setting == "retrieval.waiting_queries_per_connection" && refusal.metadata["limit"] == "1", "{setting}");
        Ok(())
    })
    .await?;
    // Each connection has places of its own; together they meet the limit of all.
    let wires = [cluster.node(0).wire()?, cluster.node(0).wire()?, cluster.node(0).wire()?];
    eventually("the connections together are refused", async || {
        let asked = wires.iter().flat_map(|wire| (0..AT_ONCE).map(|_| ask(wire)));
        let refusals = join_all(asked).await.into_iter().filter(Result::is_err).map(refused);
        let refusals = refusals.collect::<Result<Vec<_>>>()?;
        let of_all = refusals.iter().any(|refusal| refusal.metadata["setting"] == "retrieval.waiting_queries");
        ensure!(of_all, "{} were refused, all for what one connection may", refusals.len());
        Ok(())
    })
    .await?;
    let counted = r#"silhouette_pir_queries_refused_total{limit="waiting_queries_per_connection"}"#;
    ensure!(cluster.node(0).metric(counted).await? > 0.0, "it is counted");

    // The client library waits and repeats.
    let some = pairs[..20].to_vec();
    let lookups = join_all((0..4).map(|_| check_answers(&client, uid, &some, Mode::Pir))).await;
    lookups.into_iter().collect::<Result<Vec<()>>>()?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_read_on_leaves_room_for_calls_beside_it() -> Result<()> {
    // Long enough that the leader goes on leading while nobody confirms anything.
    let configuration = Configuration::short_times().number("raft.election_ticks", 2_000);
    let mut cluster = Cluster::of(3, configuration).await?;
    let leader = cluster.leader().await?;
    let publisher = Publisher::of(&cluster).await?;
    for index in (0..3).filter(|&index| index != leader) {
        cluster.node_mut(index).process()?.pause()?;
    }
    let stream = publisher.begin();
    stream.waits().await?;
    // Over the same connection. Each has a request of its own, for which there must be room.
    for _ in 0..10 {
        publisher.leader().status().await.context("beside a stream that waits")?;
    }
    for index in (0..3).filter(|&index| index != leader) {
        cluster.node_mut(index).process()?.resume()?;
    }
    stream.goes_on().await?;
    cluster.passed();
    Ok(())
}
