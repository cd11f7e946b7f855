//! Whoever comes after a round's pairs are destroyed gets its encoding from those who hold it, and serves it.

use anyhow::{Context as _, Result, ensure};
use silhouette_client::{Client, Mode, RoundSpec, RoundUid};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{Pairs, check_answers, live_members, random_pairs},
    search::files,
    waiting::eventually,
};

/// A Ready round whose pairs every member has destroyed.
async fn shredded_round(cluster: &Cluster, client: &Client, id: &str, seed: u64) -> Result<(RoundUid, Pairs)> {
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(seed), 40);
    let uid = client.start_round(id, &RoundSpec::for_workers(1)).await?.uid;
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    let members = live_members(cluster).await?;
    cluster.node(cluster.leader().await?).wire()?.destroyed_by(&uid.to_string(), &members).await?;
    Ok((uid, pairs))
}

/// The node holds exactly the encodings that the cluster's rounds name, and no round's key.
async fn holds_every_encoding(cluster: &Cluster, index: usize) -> Result<()> {
    let node = cluster.node(index);
    node.ready().await?;
    let rounds = node.wire()?.list_when_led().await?;
    let names: Vec<String> = files(&node.data().join("encodings"))?
        .iter()
        .filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned()))
        .collect();
    for round in rounds.iter().filter(|round| round.phase() == v1::Phase::Ready) {
        let digest = hex::encode(&round.encoding_digest);
        ensure!(names.iter().any(|name| name.contains(&digest)), "{} lacks encoding {digest}: {names:?}", node.name());
        let key = node.data().join("keys").join(&round.round_uid);
        ensure!(!key.exists(), "{} has a key of a round that was destroyed before it came", node.name());
    }
    let status = node.wire()?.status().await?;
    let ready = rounds.iter().filter(|round| round.phase() == v1::Phase::Ready).count();
    ensure!(status.rounds_held as usize == ready, "{} holds {} of {ready} rounds", node.name(), status.rounds_held);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fourth_node_gets_an_encoding_whose_pairs_are_gone_and_serves_it() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let (first, first_pairs) = shredded_round(&cluster, &client, "first", 1).await?;
    let (second, second_pairs) = shredded_round(&cluster, &client, "second", 2).await?;

    let fourth = cluster.add_node().await?;
    let endpoint = cluster.node(fourth).addresses().client.to_string();
    cluster.admit(&endpoint, None).await?;
    holds_every_encoding(&cluster, fourth).await?;
    let alone = cluster.client_of(fourth)?;
    for mode in [Mode::Pir, Mode::Download] {
        check_answers(&alone, first, &first_pairs, mode).await?;
        check_answers(&alone, second, &second_pairs, mode).await?;
    }
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_member_gets_every_encoding_and_serves_it() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let (uid, pairs) = shredded_round(&cluster, &client, "kept", 3).await?;
    // One of each: the new instance must get the open round's pairs too, by snapshot.
    let open = client.start_round("open", &RoundSpec::for_workers(2)).await?.uid;
    let open_pairs = random_pairs(&mut fastrand::Rng::with_seed(4), 40);
    let (early, late) = open_pairs.split_at(20);
    client.publish(open, "early", early.to_vec()).await?;

    for index in [cluster.follower().await?, cluster.leader().await?] {
        let before = cluster.node(index).wire()?.identity().await?;
        cluster.replace(index).await?;
        let after = cluster.node(index).wire()?.identity().await?;
        ensure!(after.member_id > before.member_id, "a new instance has a new number");
        let configuration = cluster.node(index).wire()?.configuration().await?;
        ensure!(configuration.members.iter().all(|member| member.member_id != before.member_id), "the old one is gone");
        ensure!(configuration.members.len() == 3, "there are three members");
        holds_every_encoding(&cluster, index).await.context("a replaced member")?;
        check_answers(&cluster.client_of(index)?, uid, &pairs, Mode::Pir).await?;
    }
    client.publish(open, "late", late.to_vec()).await?;
    client.wait(open).await?;
    for index in 0..3 {
        eventually("every node serves the new round", async || {
            check_answers(&cluster.client_of(index)?, open, &open_pairs, Mode::Pir).await
        })
        .await?;
    }
    cluster.passed();
    Ok(())
}
