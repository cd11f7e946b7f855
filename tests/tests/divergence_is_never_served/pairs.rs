//! Damaged pairs: whoever does not have what the log says is fenced whole, and the others go on without it.

use anyhow::{Context as _, Result, bail, ensure};
use prost::Message as _;
use silhouette_client::{Mode, RoundSpec};
use silhouette_proto::v1;
use silhouette_server::{
    ids::{RoundUid, UploadId},
    state::ChunkKey,
    storage::Store,
};
use silhouette_tests::harness::{
    cluster::Cluster,
    damage::flip_byte_of_pairs,
    node::Node,
    rounds::{check_answers, random_pairs},
    waiting::eventually,
    wire::{Wire, pair, refused, spec},
    witnesses::Witnesses,
};

use super::{HalfPublished, half_published, shredded_round};

/// Waits until a node is fenced and says so everywhere; it still tells who it is and who its cluster is.
async fn is_fenced(node: &Node) -> Result<()> {
    let wire = node.wire()?;
    let member = wire.identity().await?.member_id.to_string();
    eventually(&format!("{} refuses calls", node.name()), async || {
        let refusal = refused(wire.rounds.clone().list_rounds(v1::ListRoundsRequest {}).await)?;
        ensure!(refusal.reason == "FENCED", "it says {refusal:?}");
        ensure!(refusal.metadata["memberId"] == member, "{refusal:?}");
        ensure!(refusal.message.contains("cluster add --replaces"), "it does not say what to do: {refusal:?}");
        Ok(())
    })
    .await?;
    for refusal in refusals(&wire).await? {
        ensure!(refusal == "FENCED", "it says {refusal}");
    }
    eventually("the node is not ready, and says why", async || {
        let verbose = node.probe("/readyz?verbose").await?;
        ensure!(!verbose.is_ok() && verbose.body.contains("[-]not-fenced"), "it says {}", verbose.body);
        Ok(())
    })
    .await?;
    ensure!(node.probe("/livez").await?.is_ok(), "a restart would not help");
    let status = eventually("the node holds nothing", async || {
        let status = wire.status().await?;
        ensure!(status.rounds_held == 0, "it holds rounds");
        Ok(status)
    })
    .await?;
    ensure!(status.fence.contains("cluster add --replaces"), "its status says {:?}", status.fence);
    ensure!(wire.configuration().await?.members.len() == 3, "it still knows its cluster");
    eventually("the metric says so", async || {
        ensure!(node.metric("silhouette_member_fenced").await? > 0.0, "it does not");
        Ok(())
    })
    .await
}

/// Waits until the leader counts a member as a holder of this round no more.
async fn holds_nothing(cluster: &Cluster, index: usize, round: &str) -> Result<()> {
    let member = cluster.node(index).wire()?.identity().await?.member_id;
    eventually("the leader knows that the node holds the round no more", async || {
        let status = cluster.node(cluster.leader().await?).wire()?.status().await?;
        let of = status.progress.iter().find(|of| of.member_id == member).context("it is a member")?;
        ensure!(of.missing_round_ids.iter().any(|missing| missing == round) && !of.caught_up, "{of:?}");
        ensure!(status.rounds_at_risk == 0, "two of three hold every round");
        Ok(())
    })
    .await
}

/// Reasons for which a node refuses reads, writes and lookups.
async fn refusals(wire: &Wire) -> Result<[String; 3]> {
    let Err(start) = wire.start("other", spec(1)).await else { bail!("it started a round") };
    let round = Some(v1::get_round_request::Round::RoundId("r".to_owned()));
    let read = refused(wire.rounds.clone().get_round(v1::GetRoundRequest { round }).await)?;
    let round = Some(v1::get_shape_request::Round::RoundId("r".to_owned()));
    let shape = refused(wire.retrieval.clone().get_shape(v1::GetShapeRequest { round }).await)?;
    Ok([refused::<()>(Err(start))?.reason, read.reason, shape.reason])
}

/// Writes other pairs in the place of what the first worker has published, properly sealed, at a stopped node.
fn rewrite_pairs(node: &Node, round: &HalfPublished) -> Result<()> {
    let others = random_pairs(&mut fastrand::Rng::with_seed(99), round.early.len());
    let uid: RoundUid = round.uid.to_string().parse().context("a uid")?;
    let worker = "early".parse().context("a worker")?;
    let pairs = others.into_iter().map(|(key, value)| pair(key, value)).collect();
    let chunk = v1::PublishChunk { sequence: 0, pairs }.encode_to_vec();
    let key = ChunkKey::new(uid, &worker, UploadId(round.upload), 0);
    Store::open(node.data())?.stage_chunks(&[(key, chunk.into())])?;
    Ok(())
}

/// The round is Ready without the fenced nodes, and read right from all others.
async fn is_served_by_the_others(cluster: &Cluster, round: &HalfPublished, fenced: &[usize]) -> Result<()> {
    for index in (0..3).filter(|index| !fenced.contains(index)) {
        let client = cluster.client_of(index)?;
        eventually("a node that is not fenced serves the round", async || {
            check_answers(&client, round.uid, &round.all(), Mode::Pir).await
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_whose_pairs_are_damaged_is_fenced_until_it_is_replaced() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let (earlier, earlier_pairs) = shredded_round(&cluster, &client, "earlier", 1).await?;
    let round = half_published(&cluster, &client, "r", 2).await?;
    let damaged = cluster.follower().await?;
    let witnesses = Witnesses::begin(&cluster, round.uid, &round.all())?;
    cluster.node_mut(damaged).stop().await?;
    flip_byte_of_pairs(cluster.node(damaged))?;
    cluster.node_mut(damaged).start().await?;
    is_fenced(cluster.node(damaged)).await?;
    holds_nothing(&cluster, damaged, "earlier").await?;

    client.publish(round.uid, "late", round.late.clone()).await?;
    client.wait(round.uid).await?;
    is_served_by_the_others(&cluster, &round, &[damaged]).await?;
    check_answers(&client, earlier, &earlier_pairs, Mode::Pir).await.context("the others serve what they served")?;

    cluster.node_mut(damaged).stop().await?;
    cluster.node_mut(damaged).start().await?;
    is_fenced(cluster.node(damaged)).await.context("after a restart")?;
    ensure!(witnesses.end().await? > 0, "nobody was ever answered");

    cluster.replace(damaged).await?;
    cluster.settled().await?;
    let alone = cluster.client_of(damaged)?;
    check_answers(&alone, round.uid, &round.all(), Mode::Pir).await?;
    check_answers(&alone, earlier, &earlier_pairs, Mode::Pir).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_encodes_other_pairs_hands_over_and_is_fenced() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let round = half_published(&cluster, &client, "r", 3).await?;
    let other = cluster.follower().await?;
    cluster.node_mut(other).stop().await?;
    rewrite_pairs(cluster.node(other), &round)?;
    cluster.node_mut(other).start().await?;
    cluster.settled().await.context("nothing shows yet")?;
    let member = cluster.node(other).wire()?.identity().await?.member_id.to_string();
    cluster.control().run(&["cluster", "transfer-leader", &member]).await?.succeeded()?;
    ensure!(cluster.leader().await? == other, "it leads");

    let witnesses = Witnesses::begin(&cluster, round.uid, &round.all())?;
    client.publish(round.uid, "late", round.late.clone()).await?;
    client.wait(round.uid).await?;
    is_fenced(cluster.node(other)).await?;
    eventually("another one leads", async || {
        ensure!(cluster.leader().await? != other, "it still leads");
        Ok(())
    })
    .await?;
    is_served_by_the_others(&cluster, &round, &[other]).await?;
    // Neither an administrator nor an election makes it lead again.
    ensure!(cluster.control().run(&["cluster", "transfer-leader", &member]).await?.code != 0, "it leads again");
    let leader = cluster.leader().await?;
    cluster.node_mut(leader).kill()?;
    let next = cluster.leader().await?;
    ensure!(next != other, "it was elected");
    cluster.node_mut(leader).start().await?;
    is_served_by_the_others(&cluster, &round, &[other]).await?;
    ensure!(witnesses.end().await? > 0, "nobody was ever answered");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_whose_pairs_are_damaged_at_two_of_three_members_fails_after_three_reseals() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let (earlier, earlier_pairs) = shredded_round(&cluster, &client, "earlier", 4).await?;
    let round = half_published(&cluster, &client, "r", 5).await?;
    let sound = cluster.leader().await?;
    let damaged: Vec<usize> = (0..3).filter(|index| *index != sound).collect();
    let witnesses = Witnesses::begin(&cluster, round.uid, &round.all())?;
    for &index in &damaged {
        cluster.node_mut(index).stop().await?;
        flip_byte_of_pairs(cluster.node(index))?;
    }
    for &index in &damaged {
        cluster.node_mut(index).start().await?;
        is_fenced(cluster.node(index)).await?;
    }
    ensure!(cluster.leader().await? == sound, "only one may lead");
    client.publish(round.uid, "late", round.late.clone()).await?;
    let wire = cluster.node(sound).wire()?;
    let failed = wire.reaches(&round.uid.to_string(), v1::Phase::Failed).await?;
    ensure!(failed.failure_reason.contains("in 4 sealings"), "it says {:?}", failed.failure_reason);
    check_answers(&cluster.client_of(sound)?, earlier, &earlier_pairs, Mode::Pir).await?;
    ensure!(witnesses.end().await? == 0, "a round that failed was read");

    // With two votes that count for agreement alone, the cluster can still be repaired.
    cluster.replace(damaged[0]).await?;
    let uid = client.start_round("later", &RoundSpec::for_workers(1)).await?.uid;
    client.publish(uid, "w0", round.late.clone()).await?;
    client.wait(uid).await?;
    for index in [sound, damaged[0]] {
        eventually("two of three serve a later round", async || {
            check_answers(&cluster.client_of(index)?, uid, &round.late, Mode::Pir).await
        })
        .await?;
    }
    cluster.passed();
    Ok(())
}
