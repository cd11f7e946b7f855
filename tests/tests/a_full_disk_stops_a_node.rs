//! A node whose disk takes no more writes stops serving and says so; the others go on, and nothing is lost.

use anyhow::{Context as _, Result, ensure};
use silhouette_client::{Client, Mode, RoundSpec, RoundUid};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    isolation::{SmallDisk, isolated},
    rounds::{Pairs, check_answers, random_pairs},
    waiting::eventually,
    wire::refused,
};

/// Room for a database, and quickly filled.
const DISK_MEBIBYTES: u32 = 160;

/// Three nodes with disks of their own.
async fn cluster_with_small_disks() -> Result<(Cluster, Vec<SmallDisk>)> {
    let mut cluster = Cluster::unstarted(3, Configuration::short_times())?;
    let disks: Vec<_> =
        cluster.nodes().iter().map(|node| SmallDisk::mount(node.data(), DISK_MEBIBYTES)).collect::<Result<_>>()?;
    for index in 0..cluster.nodes().len() {
        cluster.node_mut(index).start().await?;
    }
    cluster.form().await?;
    Ok((cluster, disks))
}

async fn published(client: &Client, id: &str, seed: u64) -> Result<(RoundUid, Pairs)> {
    let uid = client.start_round(id, &RoundSpec::for_workers(1)).await?.uid;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(seed), 40);
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    Ok((uid, pairs))
}

/// It is not ready because of its disk, and refuses calls; or its process has ended, having said why.
async fn has_stopped_serving(cluster: &mut Cluster, index: usize) -> Result<()> {
    cluster.node(index).unready().await?;
    let wire = cluster.node(index).wire()?;
    eventually("the node refuses calls because of its disk", async || {
        let refusal = refused(wire.rounds.clone().list_rounds(v1::ListRoundsRequest {}).await)?;
        ensure!(refusal.reason == "STORAGE_FAILED", "it says {refusal:?}");
        let shape = v1::GetShapeRequest { round: Some(v1::get_shape_request::Round::RoundId("before".to_owned())) };
        let refusal = refused(wire.retrieval.clone().get_shape(shape).await)?;
        ensure!(refusal.reason == "STORAGE_FAILED", "it says {refusal:?}");
        Ok(())
    })
    .await?;
    let verbose = cluster.node(index).probe("/readyz?verbose").await?;
    ensure!(verbose.body.contains("[-]disk"), "it does not name the disk: {}", verbose.body);
    ensure!(cluster.node(index).probe("/livez").await?.is_ok(), "a full disk is no reason to be killed");
    Ok(())
}

/// Fills the disk of a node, and later makes room.
async fn survives_a_full_disk(leader: bool) -> Result<()> {
    let (mut cluster, disks) = cluster_with_small_disks().await?;
    let client = cluster.client()?;
    let (before, before_pairs) = published(&client, "before", 1).await?;
    let full = if leader { cluster.leader().await? } else { cluster.follower().await? };
    disks[full].fill()?;

    let (during, during_pairs) = published(&client, "during", 2).await.context("the others go on")?;
    has_stopped_serving(&mut cluster, full).await?;
    ensure!(cluster.leader().await? != full, "it still leads");
    for (uid, pairs) in [(before, &before_pairs), (during, &during_pairs)] {
        check_answers(&client, uid, pairs, Mode::Pir).await?;
    }

    disks[full].empty()?;
    cluster.node_mut(full).stop().await?;
    cluster.node_mut(full).start().await?;
    cluster.settled().await?;
    let alone = cluster.client_of(full)?;
    for (uid, pairs) in [(before, &before_pairs), (during, &during_pairs)] {
        check_answers(&alone, uid, pairs, Mode::Pir).await.context("after room was made")?;
    }
    cluster.passed();
    Ok(())
}

#[test]
fn a_follower_with_a_full_disk_stops_serving_and_returns_when_there_is_room() -> Result<()> {
    isolated(async || survives_a_full_disk(false).await)
}

#[test]
fn a_leader_with_a_full_disk_stops_leading_and_returns_when_there_is_room() -> Result<()> {
    isolated(async || survives_a_full_disk(true).await)
}

#[test]
fn a_node_does_not_start_on_a_read_only_disk() -> Result<()> {
    isolated(async || {
        let (mut cluster, disks) = cluster_with_small_disks().await?;
        let client = cluster.client()?;
        let (uid, pairs) = published(&client, "before", 3).await?;
        let index = cluster.follower().await?;
        cluster.node_mut(index).stop().await?;
        disks[index].make_read_only()?;
        let (status, said) = cluster.node(index).refuse_to_start().await?;
        ensure!(status.code() == Some(1), "it ended with {status}: {said}");
        ensure!(said.contains("not writable"), "it does not say why: {said}");

        disks[index].make_writable()?;
        cluster.node_mut(index).start().await?;
        cluster.settled().await?;
        check_answers(&cluster.client_of(index)?, uid, &pairs, Mode::Pir).await?;
        cluster.passed();
        Ok(())
    })
}
