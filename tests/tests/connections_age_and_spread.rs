//! Connections end by and by and clients follow the members, so that every node has its share; nobody notices.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use silhouette_client::RoundSpec;
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster, configuration::Configuration, control::Control, load::Load, node::Node, rounds::published,
    waiting::eventually, wire,
};
use tokio_stream::wrappers::ReceiverStream;

/// Connections of each node that are told to go away while clients call.
const AGED: f64 = 10.0;

/// Queries that each node answers before it has its share.
const SHARE: f64 = 20.0;

async fn queries(node: &Node) -> Result<f64> {
    node.metric_with("grpc_server_handled_total", &["grpc_method=\"Query\"", "grpc_code=\"OK\""]).await
}

/// Waits until a node has answered so many more queries than now.
async fn has_its_share(node: &Node) -> Result<()> {
    let before = queries(node).await?;
    eventually(&format!("{} has its share", node.name()), async || {
        let answered = queries(node).await?;
        ensure!(answered >= before + SHARE, "it has answered {answered} queries, {before} of them before");
        Ok(())
    })
    .await
}

async fn ages_unnoticed(grace: Duration) -> Result<()> {
    let configuration = Configuration::short_times()
        .time("limits.connection_age", Duration::from_millis(300))
        .time("limits.connection_grace", grace);
    let cluster = Cluster::of(3, configuration).await?;
    let (uid, pairs) = published(&cluster, "read", &RoundSpec::for_workers(1), 1).await?;
    cluster.settled().await?;
    let load = Load::begin(&cluster, uid, &pairs)?;
    for node in cluster.nodes() {
        eventually(&format!("connections of {} age", node.name()), async || {
            let aged = node.metric("silhouette_connections_aged_total").await?;
            ensure!(aged >= AGED, "{aged} were told to go away");
            Ok(())
        })
        .await?;
    }
    let calls = load.end().await.context("a call failed although only its connection was old")?;
    ensure!(calls > 0, "nobody called");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_told_to_go_away_lose_no_call() -> Result<()> {
    ages_unnoticed(Duration::from_mins(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_outlast_the_grace_go_on_over_another_connection() -> Result<()> {
    ages_unnoticed(Duration::from_millis(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_over_a_connection_that_was_told_to_go_away() -> Result<()> {
    let configuration = Configuration::short_times().time("limits.connection_age", Duration::from_millis(300));
    let cluster = Cluster::of(1, configuration).await?;
    let node = cluster.node(0);
    let uid = node.wire()?.start("streamed", wire::spec(1)).await?.round_uid;
    let (parts, sent) = tokio::sync::mpsc::channel(4);
    parts.send(wire::header(&uid, "w0", [1; 16])).await?;
    let before = node.metric("silhouette_connections_aged_total").await?;
    // Nothing of the client library: what it would mend is seen.
    let mut rounds = node.wire()?.rounds;
    let mut events = rounds.publish_values(ReceiverStream::new(sent)).await?.into_inner();
    events.message().await?.context("the stream begins")?;
    eventually("its connection ages", async || {
        let aged = node.metric("silhouette_connections_aged_total").await?;
        ensure!(aged > before, "{aged} were told to go away");
        Ok(())
    })
    .await?;
    let pairs = vec![wire::pair("a", "1")];
    parts.send(wire::chunk(0, pairs.clone())).await?;
    parts.send(wire::commit(1, &pairs)).await?;
    drop(parts);
    while events.message().await.context("the stream goes on")?.is_some() {}
    node.wire()?.reaches(&uid, v1::Phase::Ready).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_spread_over_the_nodes_and_follow_the_members() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let (uid, pairs) = published(&cluster, "read", &RoundSpec::for_workers(1), 2).await?;
    cluster.settled().await?;
    // Clients of the first three nodes: they hear of the fourth from these.
    let load = Load::begin(&cluster, uid, &pairs)?;
    for node in cluster.nodes() {
        has_its_share(node).await?;
    }

    // A node that was away has its share again.
    let index = cluster.follower().await?;
    cluster.node_mut(index).stop().await?;
    cluster.node_mut(index).start().await?;
    cluster.settled().await?;
    has_its_share(cluster.node(index)).await.context("after its restart")?;

    // A node that is new has its share, and one that is gone is not missed.
    let new = cluster.add_node().await?;
    let endpoint = cluster.node(new).addresses().client.to_string();
    cluster.admit(&endpoint, None).await?;
    let gone = cluster.node(index).wire()?.identity().await?.member_id.to_string();
    let others: Vec<_> =
        cluster.endpoints().into_iter().enumerate().filter(|(other, _)| *other != index).map(|(_, it)| it).collect();
    let control = Control::new(others);
    eventually("the old node is removed", async || {
        control.run(&["--yes", "cluster", "remove", &gone]).await?.succeeded()
    })
    .await?;
    cluster.node_mut(index).stop().await?;
    has_its_share(cluster.node(new)).await.context("a new member")?;
    let calls = load.end().await?;
    ensure!(calls > 0, "nobody called");
    cluster.passed();
    Ok(())
}
