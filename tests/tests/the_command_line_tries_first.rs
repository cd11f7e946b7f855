//! `--dry-run`: it says what would happen, and nothing happens.

use anyhow::{Result, ensure};
use serde_json::json;
use silhouette_tests::harness::{cluster::Cluster, configuration::Configuration};

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_done_and_changes_nothing() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let control = cluster.control();
    let tried = async |arguments: &[&str], input: &str, code: i32, said: &str| -> Result<()> {
        let outcome = control.run_with_input(&[arguments, &["--dry-run"]].concat(), input).await?;
        ensure!(outcome.code == code, "{arguments:?}: {outcome:?}");
        let stream = if code == 0 { &outcome.stdout } else { &outcome.stderr };
        ensure!(stream.contains(said), "{arguments:?} does not say {said:?}: {outcome:?}");
        Ok(())
    };
    tried(&["round", "start", "r1", "--workers", "2"], "", 0, "round/r1 started (dry run)").await?;
    assert_eq!(control.json(&["round", "list"]).await?, json!([]));

    control.run(&["round", "start", "r1", "--workers", "w0,w1", "--fixed-value-bytes", "1"]).await?.succeeded()?;
    let before = control.json(&["round", "describe", "r1"]).await?;
    let start = ["round", "start", "r1", "--workers", "w0,w1", "--fixed-value-bytes", "1"];
    tried(&start, "", 0, "round/r1 unchanged (dry run)").await?;
    tried(&["round", "start", "r1", "--workers", "3"], "", 1, "another spec").await?;
    let publish = |worker| ["round", "publish", "r1", "--worker", worker, "--from", "-"];
    tried(&publish("w0"), "a\t1\n", 0, "round/r1 published by w0 (dry run)").await?;
    tried(&publish("w0"), "a\t1\nb\t22\n", 1, "the value of pair 2 has 2B, and the round takes 1B").await?;
    tried(&publish("w9"), "a\t1\n", 1, "does not wait for this worker").await?;
    tried(&["round", "seal", "r1"], "", 0, "round/r1 sealed (dry run)").await?;
    tried(&["round", "delete", "r1"], "", 0, "round/r1 deleted (dry run)").await?;
    let mut after = control.json(&["round", "describe", "r1"]).await?;
    after["clusterTimeMs"] = before["clusterTimeMs"].clone();
    assert_eq!(after, before);

    let members = control.json(&["cluster", "members"]).await?;
    let follower = cluster.node(cluster.follower().await?).wire()?.identity().await?.member_id.to_string();
    tried(&["cluster", "transfer-leader", &follower], "", 0, &format!("member/{follower} leads (dry run)")).await?;
    tried(&["cluster", "transfer-leader", "9"], "", 1, "member 9 does not vote").await?;
    tried(&["cluster", "remove", "1"], "", 1, "two voters would be left").await?;
    tried(&["cluster", "remove", "1", "2"], "", 0, "member/1,member/2 removed (dry run)").await?;
    tried(&["cluster", "create"], "", 1, "ALREADY_INITIALISED").await?;
    let now = control.json(&["cluster", "members"]).await?;
    assert_eq!((&now["confIndex"], &now["members"]), (&members["confIndex"], &members["members"]));
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_not_formed_by_a_dry_run() -> Result<()> {
    let cluster = Cluster::unformed(1, Configuration::short_times()).await?;
    let control = cluster.control();
    let tried = control.run(&["cluster", "create", "--cluster-id", "blue", "--dry-run"]).await?;
    ensure!(tried.code == 0 && tried.stdout == "cluster/blue created (dry run)\n", "{tried:?}");
    let identity = cluster.node(0).wire()?.identity().await?;
    assert_eq!((identity.member_id, identity.cluster_id.as_str()), (0, ""));
    cluster.passed();
    Ok(())
}
