//! Where a round allows that workers publish the same key, the first or the last commit decides, on every node.

use anyhow::{Result, ensure};
use silhouette_client::{Mode, OnConflict, RoundSpec};
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{Pairs, check_answers},
    waiting::eventually,
};

fn pairs(range: std::ops::Range<u32>, value: &str) -> Pairs {
    range.map(|number| (format!("vertex-{number}").into_bytes(), value.as_bytes().to_vec())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_answers_with_the_commit_that_the_rule_says() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let first = client.start_round("first", &RoundSpec::for_workers(3).on_conflict(OnConflict::First)).await?.uid;
    let control = cluster.control();
    control.run(&["round", "start", "last", "--workers", "3", "--on-conflict", "last"]).await?.succeeded()?;
    let described = control.json(&["round", "describe", "last"]).await?;
    ensure!(described["spec"]["onConflict"] == "last", "{described}");
    let last = client.get_round("last").await?.uid;

    // The names of the workers sort against the order of their commits.
    for round in [first, last] {
        client.publish(round, "z", pairs(0..30, "early")).await?;
    }
    let follower = cluster.follower().await?;
    cluster.node_mut(follower).kill()?;
    for round in [first, last] {
        client.publish(round, "m", pairs(20..40, "middle")).await?;
    }
    // It learns of publications from its disk, from the log, and as they are committed.
    cluster.node_mut(follower).start().await?;
    for round in [first, last] {
        client.publish(round, "a", pairs(35..50, "late")).await?;
        client.wait(round).await?;
    }
    let of_first = [pairs(0..30, "early"), pairs(30..40, "middle"), pairs(40..50, "late")].concat();
    let of_last = [pairs(0..20, "early"), pairs(20..35, "middle"), pairs(35..50, "late")].concat();
    for index in 0..3 {
        let alone = cluster.client_of(index)?;
        eventually("every node serves both rounds", async || {
            let held = cluster.node(index).wire()?.status().await?.rounds_held;
            ensure!(held == 2, "{} holds {held}", cluster.node(index).name());
            Ok(())
        })
        .await?;
        for mode in [Mode::Pir, Mode::Download] {
            check_answers(&alone, first, &of_first, mode).await?;
            check_answers(&alone, last, &of_last, mode).await?;
        }
    }
    cluster.passed();
    Ok(())
}
