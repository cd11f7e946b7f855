//! Damaged encodings and hints: repaired from memory, from other members, or by computing them again.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use silhouette_client::{Mode, RoundUid};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster, configuration::Configuration, damage::flip_byte, node::Node, rounds::check_answers,
    waiting::eventually, wire::refused, witnesses::Witnesses,
};

use super::shredded_round;

/// Encodings are hashed again all the time.
fn restless() -> Configuration {
    Configuration::short_times().time("encoding.rehash_interval", Duration::from_millis(100))
}

/// Files of a round's encoding and hint.
async fn files_of(node: &Node, uid: RoundUid) -> Result<[PathBuf; 2]> {
    let round = Some(v1::get_shape_request::Round::RoundUid(uid.to_string()));
    let shape = node.wire()?.retrieval.clone().get_shape(v1::GetShapeRequest { round }).await?.into_inner().shape;
    let shape = shape.context("a round has a shape")?;
    let file = |digest: &[u8]| node.data().join("encodings").join(hex::encode(digest));
    Ok([file(&shape.encoding_digest), file(&shape.hint_digest)])
}

/// Waits until a damaged file is as it was before, and the damaged one is kept.
async fn is_repaired(file: &Path, before: &[u8]) -> Result<()> {
    eventually(&format!("{} is repaired", file.display()), async || {
        ensure!(fs::read(file).is_ok_and(|now| now == before), "it is not as it was");
        let kept = fs::read(file.with_extension("damaged")).context("the damaged file is not kept")?;
        ensure!(kept != before && kept.len() == before.len(), "what is kept is not what was damaged");
        Ok(())
    })
    .await
}

/// Waits until the node is degraded by nothing, and has found at least this much damage of a part.
async fn has_repaired(node: &Node, part: &str, times: f64) -> Result<()> {
    eventually(&format!("{} has repaired its {part}", node.name()), async || {
        let found = node.metric(&format!("silhouette_encoding_damages_total{{part=\"{part}\"}}")).await?;
        ensure!(found >= times, "it has found {found} damages");
        ensure!(node.metric("silhouette_encoding_degraded_rounds").await? == 0.0, "it is degraded");
        ensure!(node.wire()?.status().await?.degradations.is_empty(), "it says that it is degraded");
        Ok(())
    })
    .await
}

/// Damages a file of these nodes while they are down: the encoding's, or the hint's.
async fn damaged_while_down(damaged: &[usize], hint: bool) -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let (uid, pairs) = shredded_round(&cluster, &client, "kept", 1).await?;
    let witnesses = Witnesses::begin(&cluster, uid, &pairs)?;
    let mut files = Vec::new();
    for &index in damaged {
        files.push(files_of(cluster.node(index), uid).await?[usize::from(hint)].clone());
    }
    let mut before = Vec::new();
    for (&index, file) in damaged.iter().zip(files) {
        cluster.node_mut(index).stop().await?;
        before.push((file.clone(), flip_byte(&file)?));
    }
    for &index in damaged {
        cluster.node_mut(index).start().await?;
    }
    cluster.settled().await?;
    for (&index, (file, before)) in damaged.iter().zip(&before) {
        is_repaired(file, before).await?;
        has_repaired(cluster.node(index), if hint { "hint_file" } else { "encoding_file" }, 1.0).await?;
    }
    for index in 0..3 {
        for mode in [Mode::Pir, Mode::Download] {
            check_answers(&cluster.client_of(index)?, uid, &pairs, mode).await?;
        }
    }
    ensure!(witnesses.end().await? > 0, "nobody was ever answered");

    client.delete_round(uid).await?;
    for (file, _) in &before {
        eventually("nothing is kept of a round that is gone", async || {
            ensure!(!file.exists() && !file.with_extension("damaged").exists(), "{} is kept", file.display());
            Ok(())
        })
        .await?;
    }
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_encoding_file_of_one_member_is_fetched_again() -> Result<()> {
    damaged_while_down(&[1], false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_encoding_files_of_two_of_three_members_are_fetched_from_the_third() -> Result<()> {
    damaged_while_down(&[0, 2], false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_hint_is_computed_again() -> Result<()> {
    damaged_while_down(&[1], true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_whose_encoding_is_damaged_everywhere_is_refused() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let (uid, pairs) = shredded_round(&cluster, &client, "lost", 2).await?;
    let witnesses = Witnesses::begin(&cluster, uid, &pairs)?;
    let mut files = Vec::new();
    for node in cluster.nodes() {
        files.push(files_of(node, uid).await?[0].clone());
    }
    for (index, file) in files.iter().enumerate() {
        cluster.node_mut(index).stop().await?;
        flip_byte(file)?;
    }
    for index in 0..3 {
        cluster.node_mut(index).start().await?;
    }
    cluster.leader().await?;
    eventually("the leader knows that nobody holds the round", async || {
        let status = cluster.node(cluster.leader().await?).wire()?.status().await?;
        ensure!(status.rounds_at_risk == 1, "{} rounds are at risk", status.rounds_at_risk);
        ensure!(status.progress.iter().all(|of| of.missing_round_ids == ["lost"]), "{:?}", status.progress);
        Ok(())
    })
    .await?;
    for node in cluster.nodes() {
        let wire = node.wire()?;
        let round = Some(v1::get_shape_request::Round::RoundUid(uid.to_string()));
        eventually(&format!("{} refuses the round", node.name()), async || {
            let shape = v1::GetShapeRequest { round: round.clone() };
            let refusal = refused(wire.retrieval.clone().get_shape(shape).await)?;
            ensure!(refusal.reason == "ROUND_NOT_HELD", "it says {refusal:?}");
            Ok(())
        })
        .await?;
        let status = wire.status().await?;
        let [degradation] = &status.degradations[..] else { anyhow::bail!("it says {:?}", status.degradations) };
        ensure!(degradation.round_id == "lost" && degradation.round_uid == uid.to_string(), "{degradation:?}");
        ensure!(degradation.message.contains("fetched again"), "{degradation:?}");
        ensure!(status.fence.is_empty(), "its pairs were right: {}", status.fence);
        eventually("the metric says so", async || {
            ensure!(node.metric("silhouette_encoding_degraded_rounds").await? > 0.0, "it does not");
            Ok(())
        })
        .await?;
    }
    witnesses.end().await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_damaged_while_a_node_runs_are_written_again_and_it_goes_on_serving() -> Result<()> {
    let cluster = Cluster::of(3, restless()).await?;
    let client = cluster.client()?;
    let (uid, pairs) = shredded_round(&cluster, &client, "kept", 3).await?;
    let witnesses = Witnesses::begin(&cluster, uid, &pairs)?;
    let node = cluster.node(1);
    let files = files_of(node, uid).await?;
    for (file, part) in files.iter().zip(["encoding_file", "hint_file"]) {
        let before = flip_byte(file)?;
        is_repaired(file, &before).await?;
        has_repaired(node, part, 1.0).await?;
        check_answers(&cluster.client_of(1)?, uid, &pairs, Mode::Pir).await?;
    }
    fs::remove_file(&files[0])?;
    has_repaired(node, "encoding_file", 2.0).await?;
    ensure!(files[0].exists(), "a file that is gone is written again");
    ensure!(node.metric("silhouette_encoding_rehashes_total").await? > 0.0, "rehashes are counted");
    ensure!(witnesses.end().await? > 0, "nobody was ever answered");
    cluster.passed();
    Ok(())
}
