//! A node that cannot run as it was told says why and ends; what was there is as it was.

use std::{fs, net::TcpListener, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use silhouette_client::{Client, Mode, RoundSpec};
use silhouette_tests::harness::{
    addresses::{Addresses, own_host},
    cluster::Cluster,
    configuration::Configuration,
    node::Node,
    rounds::{check_answers, random_pairs},
    search::files,
    waiting::eventually,
    wire::refused,
};

/// A configuration or flags that make no sense.
const USAGE: i32 = 2;
/// Everything else that keeps a node from starting.
const FAILURE: i32 = 1;

/// Starts the node where it must refuse, and returns what it said.
async fn refuses(node: &Node, code: i32) -> Result<String> {
    let (status, said) = node.refuse_to_start().await?;
    ensure!(status.code() == Some(code), "it ended with {status}: {said}");
    Ok(said)
}

/// A node that does not run, in a folder of its own.
fn lone_node(folder: &Path, configuration: &Configuration) -> Result<Node> {
    Node::new(folder.join("node"), Addresses::free_at(own_host())?, configuration)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_configuration_key_is_named_with_the_one_that_was_meant() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (path, meant) in [("raft.tik", "tick"), ("rounds.max_piars", "max_pairs"), ("storge", "storage")] {
        let node = lone_node(folder.path(), &Configuration::short_times().set(path, json!("50ms")))?;
        let said = refuses(&node, USAGE).await?;
        let key = path.rsplit('.').next().unwrap_or(path);
        ensure!(said.contains(key) && said.contains(meant), "{path}: {said}");
        ensure!(!node.data().exists(), "it has made a data directory all the same");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_make_no_sense_are_all_named_at_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let configuration = Configuration::short_times().set("raft.tick", json!("0ms")).number("raft.election_ticks", 1);
    let node = lone_node(folder.path(), &configuration)?;
    let said = refuses(&node, USAGE).await?;
    ensure!(said.contains("raft.tick") && said.contains("raft.election_ticks"), "{said}");

    let node = lone_node(folder.path(), &Configuration::short_times().set("raft.tick", json!("soon")))?;
    let said = refuses(&node, USAGE).await?;
    ensure!(said.contains("raft.tick"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_loopback_needs_insecure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let addresses = Addresses::free_at("0.0.0.0".parse()?)?;
    let node = Node::new(folder.path().join("node"), addresses, &Configuration::short_times())?;
    let said = refuses(&node, USAGE).await?;
    ensure!(said.contains("loopback") && said.contains("--insecure"), "{said}");
    ensure!(!node.data().exists(), "it has made a data directory all the same");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_named_and_nothing_is_changed() -> Result<()> {
    let mut cluster = Cluster::of(1, Configuration::short_times()).await?;
    let identity = cluster.node(0).wire()?.identity().await?;
    cluster.node_mut(0).stop().await?;
    let addresses = cluster.node(0).addresses();
    for address in [addresses.client, addresses.peer, addresses.http] {
        let squatter = TcpListener::bind(address).with_context(|| format!("{address} is not free"))?;
        let said = refuses(cluster.node(0), FAILURE).await?;
        ensure!(said.contains(&address.to_string()), "it does not name {address}: {said}");
        drop(squatter);
    }
    cluster.node_mut(0).start().await?;
    cluster.all_ready().await?;
    assert_eq!(cluster.node(0).wire()?.identity().await?, identity);
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_in_use_is_left_alone() -> Result<()> {
    let cluster = Cluster::of(1, Configuration::short_times()).await?;
    let client = cluster.client()?;
    let uid = client.start_round("held", &RoundSpec::for_workers(1)).await?.uid;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(1), 20);
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    let identity = cluster.node(0).wire()?.identity().await?;

    let folder = tempfile::tempdir()?;
    let data = cluster.node(0).data();
    let second = lone_node(folder.path(), &Configuration::short_times())?.with_data_at(data);
    let said = refuses(&second, FAILURE).await?;
    ensure!(said.contains(&data.display().to_string()) && said.contains("in use"), "{said}");

    assert_eq!(cluster.node(0).wire()?.identity().await?, identity);
    check_answers(&client, uid, &pairs, Mode::Pir).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_of_another_cluster_is_no_member_of_this_one() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let mut other = Cluster::of(1, Configuration::short_times()).await?;
    let client = cluster.client()?;
    let uid = client.start_round("ours", &RoundSpec::for_workers(1)).await?.uid;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(2), 20);
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    let ours = cluster.node(0).wire()?.configuration().await?;
    let theirs = other.node(0).wire()?.identity().await?;

    // A follower's disk and the other cluster's disk are mistaken for each other.
    let index = cluster.follower().await?;
    cluster.node_mut(index).stop().await?;
    other.node_mut(0).stop().await?;
    let (own, foreign) = (cluster.node(index).data().to_owned(), other.node(0).data().to_owned());
    let aside = cluster.folder().join("aside");
    fs::rename(&own, &aside)?;
    fs::rename(&foreign, &own)?;
    cluster.node_mut(index).start().await?;

    // Who it is comes from the disk alone: it stays what it was, and this cluster neither changes it nor hears it.
    let wire = cluster.node(index).wire()?;
    let identity = wire.identity().await?;
    assert_eq!((&identity.cluster_id, identity.member_id), (&theirs.cluster_id, theirs.member_id));
    ensure!(identity.cluster_id != ours.cluster_id, "the clusters have different ids");
    let transfer =
        silhouette_proto::v1::TransferLeadershipRequest { cluster_id: ours.cluster_id.clone(), member_id: 0 };
    // Only a leader answers for its cluster, and this one has yet to elect itself.
    let refusal = eventually("the other cluster refuses", async || {
        let refusal = refused(wire.cluster.clone().transfer_leadership(transfer.clone()).await)?;
        ensure!(refusal.reason != "NO_LEADER", "it has no leader");
        Ok(refusal)
    })
    .await?;
    assert_eq!(refusal.reason, "WRONG_CLUSTER");
    assert_eq!(refusal.metadata.get("clusterId"), Some(&theirs.cluster_id));
    // A client that asks the foreign node is told that it knows no such round; this one asks the others alone.
    let others: Vec<_> =
        (0..3).filter(|&other| other != index).map(|other| cluster.endpoints().remove(other)).collect();
    let client = Client::builder().endpoints(others).discover_members(false).build()?;
    let second = client.start_round("meanwhile", &RoundSpec::for_workers(1)).await?.uid;
    client.publish(second, "w0", pairs.clone()).await?;
    client.wait(second).await?;
    ensure!(wire.list_when_led().await?.is_empty(), "rounds of this cluster have reached the other one's disk");
    ensure!(files(&own.join("encodings"))?.is_empty(), "encodings of this cluster have reached the other one's disk");
    let another = (index + 1) % 3;
    let configuration = cluster.node(another).wire()?.configuration().await?;
    assert_eq!((&configuration.conf_index, &configuration.members), (&ours.conf_index, &ours.members));

    // Each disk where it belongs.
    cluster.node_mut(index).stop().await?;
    fs::rename(&own, &foreign)?;
    fs::rename(&aside, &own)?;
    cluster.node_mut(index).start().await?;
    other.node_mut(0).start().await?;
    cluster.settled().await?;
    other.all_ready().await?;
    check_answers(&cluster.client_of(index)?, second, &pairs, Mode::Pir).await?;
    cluster.passed();
    other.passed();
    Ok(())
}
