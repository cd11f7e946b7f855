//! What one node takes at a time.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::{FutureExt as _, future::join_all};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    frames,
    node::Node,
    waiting::{PATIENCE, eventually},
    wire::{self, Refused, Wire, pair, refused},
};
use tokio::task::JoinSet;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::{is_limit, is_told};

const QUERY: &str = "/silhouette.v1.Retrieval/Query";
const PUBLISH: &str = "/silhouette.v1.Rounds/PublishValues";
const WATCH: &str = "/silhouette.v1.Rounds/WatchRound";
const HINT: &str = "/silhouette.v1.Retrieval/GetHint";
const JOIN: &str = "/silhouette.v1.Cluster/Join";

/// A limit of calls at a time: the key that sets it, a method that it counts, the key whose gauge tells how many there
/// are, and the reason of one too many.
const CALLS: [(&str, &str, &str, &str); 6] = [
    ("limits.calls", QUERY, "limits.calls", "TOO_MANY_CALLS"),
    ("limits.calls_per_connection", QUERY, "limits.calls", "TOO_MANY_CALLS_OF_CONNECTION"),
    ("limits.publications", PUBLISH, "limits.publications", "TOO_MANY_PUBLICATIONS"),
    ("limits.watches", WATCH, "limits.watches", "TOO_MANY_WATCHES"),
    ("limits.downloads", HINT, "limits.downloads", "TOO_MANY_DOWNLOADS"),
    ("limits.administration_calls", JOIN, "limits.administration_calls", "TOO_MANY_ADMINISTRATION_CALLS"),
];

/// How many each limit allows here.
const ALLOWED: u64 = 3;

/// Asserts what every refusal of a node's limit has: how many are allowed, by which key, and when to come back.
fn names(status: Status, reason: &str, setting: &str, allowed: u64) -> Result<Refused> {
    let waits = status.get_details_retry_info().is_some();
    let refusal = refused::<()>(Err(status))?;
    is_limit(&refusal, reason);
    assert_eq!(refusal.metadata["limit"], allowed.to_string(), "{refusal:?}");
    assert_eq!(refusal.metadata["setting"], setting, "{refusal:?}");
    assert!(refusal.message.contains(setting), "{refusal:?}");
    assert!(waits, "{refusal:?}");
    Ok(refusal)
}

/// A node of its own with this one number configured.
async fn limited(setting: &str, number: u64) -> Result<Cluster> {
    Cluster::of(1, Configuration::short_times().number(setting, number)).await
}

async fn in_use(node: &Node, setting: &str) -> Result<f64> {
    node.metric_with("silhouette_limits_in_use", &[&format!("setting=\"{setting}\"")]).await
}

/// The rounds of a node, without what changes by itself, once it has room for the call.
async fn rounds(wire: &Wire) -> Result<Vec<v1::Round>> {
    eventually("the rounds are listed", async || wire.rounds_at_rest().await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_more_than_a_limit_allows_is_refused_until_one_ends() -> Result<()> {
    for (setting, method, counted, reason) in CALLS {
        let cluster = limited(setting, ALLOWED).await.with_context(|| setting.to_owned())?;
        let node = cluster.node(0);
        let uid = node.wire()?.start("untouched", wire::spec(2)).await?.round_uid;
        let before = rounds(&node.wire()?).await?;
        let channel = node.wire()?.channel;
        let mut calls = JoinSet::new();
        for _ in 0..ALLOWED {
            calls.spawn(frames::call_without_end(channel.clone(), method));
        }
        eventually(&format!("{ALLOWED} calls of {method} are under way"), async || {
            let found = in_use(node, counted).await?;
            ensure!(found >= ALLOWED as f64, "{found} of {setting} are in use");
            Ok(())
        })
        .await?;
        let status = frames::call_without_end(channel.clone(), method).await.err().context("one too many")?;
        names(status, reason, setting, ALLOWED)?;
        is_told(node, reason).await?;
        // Whoever has had enough leaves room for another.
        calls.shutdown().await;
        eventually("there is room again", async || {
            let next = frames::call_without_end(channel.clone(), method).now_or_never();
            ensure!(in_use(node, counted).await? < ALLOWED as f64, "all places are taken");
            ensure!(next.is_none(), "it is refused at once");
            Ok(())
        })
        .await?;
        assert_eq!(rounds(&node.wire()?).await?, before, "{setting}");
        node.wire()?.publish(&uid, "w0", vec![pair("a", "1")]).await?;
        cluster.passed();
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_a_second_than_a_limit_allows_are_refused() -> Result<()> {
    for (setting, reason) in [
        ("limits.requests_per_second", "TOO_MANY_REQUESTS"),
        ("limits.requests_per_second_per_address", "TOO_MANY_REQUESTS_OF_ADDRESS"),
    ] {
        let cluster = limited(setting, 1).await.with_context(|| setting.to_owned())?;
        let node = cluster.node(0);
        let wire = node.wire()?;
        // Together, so that even a slow machine has more than one in a second.
        let calls = join_all((0..50).map(|_| {
            let mut rounds = wire.rounds.clone();
            async move { rounds.list_rounds(v1::ListRoundsRequest {}).await.err() }
        }));
        let mut refusals = 0;
        for status in calls.await.into_iter().flatten() {
            names(status, reason, setting, 1)?;
            refusals += 1;
        }
        ensure!(refusals > 0, "{setting} has refused nothing");
        is_told(node, reason).await?;
        // Administrators and health checks are heard nevertheless, as often as they ask.
        for _ in 0..20 {
            wire.status().await.context("a node that has too much to do says how it is")?;
        }
        // And the client library only takes a little longer.
        ensure!(cluster.client()?.list_rounds().await?.is_empty(), "there are no rounds");
        cluster.passed();
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_one_connection_too_many_a_node_only_says_how_it_is() -> Result<()> {
    let cluster = limited("limits.connections", 2).await?;
    let node = cluster.node(0);
    // Connections of the command line, which formed the cluster, go away by and by.
    let mut within = Vec::new();
    eventually("two connections are taken", async || {
        let wire = node.wire()?;
        wire.list().await?;
        within.push(wire);
        ensure!(within.len() == 2, "{} are taken", within.len());
        Ok(())
    })
    .await?;
    let beyond = node.wire()?;
    let status = beyond.rounds.clone().list_rounds(v1::ListRoundsRequest {}).await.err().context("one too many")?;
    names(status, "TOO_MANY_CONNECTIONS", "limits.connections", 2)?;
    is_told(node, "TOO_MANY_CONNECTIONS").await?;
    beyond.status().await?;
    for wire in &within {
        wire.list().await.context("connections that are within the limit are served")?;
    }
    within.pop();
    eventually("there is room for another connection", async || node.wire()?.list().await).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_one_byte_too_many_is_refused() -> Result<()> {
    // The least that may be configured.
    const LONGEST: usize = 1_052_672;
    let cluster = limited("limits.message_bytes", LONGEST as u64).await?;
    let node = cluster.node(0);
    let wire = node.wire()?;
    wire.start("untouched", wire::spec(2)).await?;
    let before = rounds(&wire).await?;
    for method in ["/silhouette.v1.Rounds/ListRounds", "/silhouette.v1.Rounds/PublishBatch", PUBLISH] {
        let exact = frames::call(wire.channel.clone(), method, message(LONGEST)).await;
        if let Err(status) = exact {
            ensure!(refused::<()>(Err(status))?.reason != "MESSAGE_TOO_LARGE", "{method}: {LONGEST} bytes are allowed");
        }
        let refusal = refused(frames::call(wire.channel.clone(), method, message(LONGEST + 1)).await)?;
        is_limit(&refusal, "MESSAGE_TOO_LARGE");
        assert_eq!(refusal.metadata["setting"], "limits.message_bytes", "{method}");
        assert_eq!(refusal.metadata["limit"], LONGEST.to_string(), "{method}");
    }
    is_told(node, "MESSAGE_TOO_LARGE").await?;
    assert_eq!(rounds(&wire).await?, before);
    cluster.passed();
    Ok(())
}

/// A message of exactly so many bytes: a field that no request has, which protobuf passes over.
fn message(bytes: usize) -> Vec<u8> {
    // Field 1,000, of a length that takes three bytes.
    let mut message = vec![0xc2, 0x3e];
    let length = bytes - 5;
    message.extend([(length & 0x7f | 0x80) as u8, (length >> 7 & 0x7f | 0x80) as u8, (length >> 14) as u8]);
    message.resize(bytes, 0);
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_member_forwards_is_not_held_to_the_limits_of_clients() -> Result<()> {
    let cluster = Cluster::of(3, Configuration::short_times().number("limits.calls", 1)).await?;
    let leader = cluster.node(cluster.leader().await?);
    let follower = cluster.node(cluster.follower().await?);
    // A client takes the one place that the leader has for clients.
    let mut calls = JoinSet::new();
    calls.spawn(frames::call_without_end(leader.wire()?.channel, QUERY));
    eventually("the place is taken", async || {
        ensure!(in_use(leader, "limits.calls").await? >= 1.0, "it is free");
        Ok(())
    })
    .await?;
    is_limit(&refused(leader.wire()?.rounds.list_rounds(v1::ListRoundsRequest {}).await)?, "TOO_MANY_CALLS");
    // Others reach it by way of a follower.
    let wire = follower.wire()?;
    let uid = wire.start("forwarded", wire::spec(1)).await?.round_uid;
    wire.publish(&uid, "w0", vec![pair("a", "1")]).await?;
    ensure!(calls.try_join_next().is_none(), "the client has left its place");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_are_closed_and_silent_ones_give_their_places_back() -> Result<()> {
    use tokio::{io::AsyncReadExt as _, net::TcpStream};
    let configuration = Configuration::short_times()
        .number("limits.peer_connections", 4)
        .number("limits.http_connections", 4)
        .time("limits.handshake_timeout", Duration::from_secs(2));
    let cluster = Cluster::of(1, configuration).await?;
    let node = cluster.node(0);
    let addresses = node.addresses();
    for (port, address) in [("peer", addresses.peer), ("http", addresses.http)] {
        let label = format!("port=\"{port}\"");
        // Whoever connects and says nothing, more of them than there are places.
        let mut silent = Vec::new();
        for _ in 0..8 {
            silent.push(TcpStream::connect(address).await?);
        }
        let mut ends = JoinSet::new();
        for mut stream in silent {
            ends.spawn(async move { stream.read_to_end(&mut Vec::new()).await });
        }
        // All of them are closed, those within the limit when their time is up, although nobody on this side did
        // anything.
        let ended = tokio::time::timeout(PATIENCE, ends.join_all()).await;
        ended.with_context(|| format!("silent connections to the {port} address stay open"))?;
        eventually("probes are answered, and there is room again", async || {
            ensure!(node.probe("/livez").await?.is_ok(), "it is not alive");
            let open = node.metric_with("silhouette_connections", &[&label]).await?;
            ensure!(open < 4.0, "{open} places of the {port} address are taken");
            Ok(())
        })
        .await?;
        let refused = node.metric_with("silhouette_connections_refused_total", &[&label]).await?;
        ensure!(refused >= 4.0, "{refused} connections to the {port} address were closed at once");
    }
    cluster.passed();
    Ok(())
}
