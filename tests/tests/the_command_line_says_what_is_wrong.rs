//! `cluster status` of clusters that are not well.

use anyhow::{Context as _, Result, ensure};
use silhouette_tests::harness::{cluster::Cluster, configuration::Configuration, waiting::eventually};

const UNHEALTHY: i32 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_the_command_to_type_until_it_is_repaired() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let control = cluster.control();
    let well = control.run(&["cluster", "status"]).await?;
    ensure!(well.code == 0 && !well.stdout.contains("error"), "something is wrong with a healthy cluster: {well:?}");

    let leader = cluster.leader().await?;
    let down: Vec<_> = (0..3).filter(|index| *index != leader).collect();
    let member = cluster.node(down[0]).wire()?.identity().await?.member_id;
    cluster.node_mut(down[0]).kill()?;
    let status = control.run(&["cluster", "status"]).await?;
    ensure!(status.code == UNHEALTHY, "{status:?}");
    let address = cluster.node(down[0]).addresses().client;
    for said in [
        format!("error member/{member}: it does not answer at {address} (UNREACHABLE)"),
        "the next failure of a voter stops all writes".to_owned(),
        format!("$ silhouettectl cluster add HOST:PORT --replaces {member}"),
    ] {
        ensure!(status.stdout.contains(&said), "{said:?} is not said: {}", status.stdout);
    }

    cluster.node_mut(down[1]).kill()?;
    let document = eventually("the missing majority is told", async || {
        let status = control.run(&["-o", "json", "cluster", "status"]).await?;
        ensure!(status.code == UNHEALTHY, "{status:?}");
        let document: serde_json::Value = serde_json::from_str(&status.stdout)?;
        let first = document["findings"][0].clone();
        ensure!(first["seen"] == "1 of 3 voters answer, and a majority is 2", "{document}");
        Ok(document)
    })
    .await?;
    assert_eq!(errors(&document)?, 3, "{document}");

    for index in down {
        cluster.node_mut(index).start().await?;
    }
    cluster.all_ready().await?;
    eventually("nothing is wrong any more", async || {
        let status = control.run(&["-o", "json", "cluster", "status"]).await?;
        ensure!(status.code == 0, "{status:?}");
        let document: serde_json::Value = serde_json::from_str(&status.stdout)?;
        assert_eq!(errors(&document)?, 0, "{document}");
        Ok(())
    })
    .await?;
    cluster.passed();
    Ok(())
}

/// How many errors there are. Of warnings the machine that runs this may cause some: its disk may be nearly full.
fn errors(status: &serde_json::Value) -> Result<usize> {
    let findings = status["findings"].as_array().context("there are findings, or none")?;
    Ok(findings.iter().filter(|finding| finding["severity"] == "error").count())
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_without_a_cluster_are_told_how_to_get_one() -> Result<()> {
    let mut cluster = Cluster::unformed(1, Configuration::short_times()).await?;
    let control = cluster.control();
    let status = control.run(&["cluster", "status"]).await?;
    ensure!(status.code == UNHEALTHY, "{status:?}");
    let command = status.stdout.lines().find_map(|line| line.trim().strip_prefix("$ silhouettectl "));
    let command = command.context("no command is told")?.to_owned();
    ensure!(command.starts_with("cluster create --endpoints "), "{command}");
    // What is told can be typed.
    let words: Vec<_> = command.split(' ').collect();
    let (command, endpoints) = words.split_at(2);
    assert_eq!(endpoints, ["--endpoints", &cluster.endpoints().join(",")]);
    control.run(command).await?.succeeded()?;
    cluster.all_ready().await?;

    let new = cluster.add_node().await?;
    let status = cluster.control().run(&["cluster", "status"]).await?;
    let address = cluster.node(new).addresses().client;
    ensure!(status.stdout.contains(&format!("$ silhouettectl cluster add {address}")), "{}", status.stdout);
    cluster.passed();
    Ok(())
}
