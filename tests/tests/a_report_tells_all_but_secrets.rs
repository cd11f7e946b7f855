//! `silhouettectl report`: of nodes in any condition, and without a published key, value or worker's name.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use silhouette_client::{Mode, RoundSpec};
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    control::Control,
    isolation::{SmallDisk, isolated},
    rounds::{Pairs, random_pairs},
    search::Needles,
    waiting::eventually,
};

/// Room for a database, and quickly filled.
const DISK_MEBIBYTES: u32 = 160;
const WORKER: &str = "a-worker-that-must-not-be-named";
const ROUND: &str = "a-round-by-its-name";

/// A report, in the cluster's folder and as a document.
async fn report(cluster: &Cluster, control: &Control, name: &str, flags: &[&str]) -> Result<Value> {
    let folder = cluster.folder().join("reports");
    fs::create_dir_all(&folder)?;
    let path = folder.join(name).display().to_string();
    let outcome = control.run(&[&["report", "-o", "json", "--to", &path], flags].concat()).await?;
    ensure!(outcome.code == 0 && outcome.stdout.is_empty(), "{outcome:?}");
    // People read it as YAML.
    let yaml = control.run(&[&["report"], flags].concat()).await?;
    ensure!(yaml.code == 0 && yaml.stdout.contains("  metrics: |\n"), "{yaml:?}");
    fs::write(folder.join(format!("{name}.yaml")), yaml.stdout)?;
    Ok(serde_json::from_str(&fs::read_to_string(&path)?)?)
}

/// What a node told.
fn of_node<'a>(report: &'a Value, cluster: &Cluster, index: usize) -> Result<&'a Value> {
    let endpoint = cluster.node(index).addresses().client.to_string();
    let nodes = report["nodes"].as_array().context("there are nodes")?;
    nodes.iter().find(|node| node["endpoint"] == endpoint).with_context(|| format!("{endpoint} is not in the report"))
}

/// Pairs that are easy to find wherever they are written, as bytes and as text.
fn marked_pairs() -> Pairs {
    let mut pairs = random_pairs(&mut fastrand::Rng::with_seed(7), 40);
    pairs.extend(
        (0..10).map(|n| (format!("marked key {n:08}").into_bytes(), format!("marked value {n:08}").into_bytes())),
    );
    pairs
}

/// No file of a folder holds any of the pairs, or the worker's name.
fn holds_no_secret(cluster: &Cluster, pairs: &Pairs) -> Result<()> {
    let needles = pairs.iter().flat_map(|(key, value)| [&key[..], value]).chain([WORKER.as_bytes()]);
    let found = Needles::new(needles)?.files_below(&cluster.folder().join("reports"))?;
    ensure!(found.is_empty(), "there are secrets in {found:?}");
    Ok(())
}

#[test]
fn a_report_on_broken_nodes_tells_what_can_be_told_and_no_secret() -> Result<()> {
    isolated(async || {
        let mut cluster = Cluster::unstarted(3, Configuration::short_times())?;
        let disks: Vec<_> =
            cluster.nodes().iter().map(|node| SmallDisk::mount(node.data(), DISK_MEBIBYTES)).collect::<Result<_>>()?;
        for index in 0..3 {
            cluster.node_mut(index).start().await?;
        }
        cluster.form().await?;
        let blank = cluster.add_node().await?;
        let control = cluster.control();

        let formed = report(&cluster, &control, "formed", &[]).await?;
        for index in 0..3 {
            let node = of_node(&formed, &cluster, index)?;
            assert_eq!(
                (&node["error"], &node["configuration"]["formed"]),
                (&Value::Null, &Value::Bool(true)),
                "{node}"
            );
            let log = node["configurationLog"].as_array().context("there is a configuration log")?;
            let promotes = |change: &Value| change["parts"].to_string().contains("\"promote\"");
            ensure!(log.iter().any(promotes), "nobody was promoted: {log:?}");
            ensure!(node["settings"].as_str().is_some_and(|text| text.contains("election_ticks")), "{node}");
            ensure!(node["metrics"].as_str().is_some_and(|text| text.contains("silhouette_raft_is_leader")), "{node}");
        }

        // One round is Ready, one has a publication and refuses another, one is read.
        let (client, pairs) = (cluster.client()?, marked_pairs());
        let ready = client.start_round(ROUND, &RoundSpec::for_workers(1)).await?.uid;
        client.publish(ready, WORKER, pairs.clone()).await?;
        client.wait(ready).await?;
        let keys = pairs.iter().map(|(key, _)| key.clone());
        client.get_many(ready, keys).mode(Mode::Pir).await?;
        let open = client.start_round("open", &RoundSpec::for_workers(3)).await?.uid;
        client.publish(open, WORKER, pairs.clone()).await?;
        ensure!(client.publish(open, "another", pairs.clone()).await.is_err(), "a conflict is refused");

        let (full, down) = {
            let leader = cluster.leader().await?;
            let followers: Vec<_> = (0..3).filter(|index| *index != leader).collect();
            (followers[0], followers[1])
        };
        disks[full].fill()?;
        cluster.node(full).unready().await?;
        // It notices at a write; the other two agree on this one.
        client.start_round("another-write", &RoundSpec::for_workers(1)).await?;
        cluster.node_mut(down).kill()?;
        eventually("the node with the full disk says so", async || {
            let verbose = cluster.node(full).probe("/readyz?verbose").await?;
            ensure!(verbose.body.contains("[-]disk"), "{}", verbose.body);
            Ok(())
        })
        .await?;

        let broken = report(&cluster, &control, "broken", &[]).await?;
        assert_eq!(of_node(&broken, &cluster, down)?["error"]["reason"], "UNREACHABLE");
        let without_cluster = of_node(&broken, &cluster, blank)?;
        assert_eq!(without_cluster["status"]["role"], "uninitialised", "{without_cluster}");
        ensure!(without_cluster["metrics"].as_str().is_some_and(|text| !text.is_empty()), "{without_cluster}");
        let stopped = of_node(&broken, &cluster, full)?;
        let checks = stopped["checks"].as_array().context("there are checks")?;
        ensure!(checks.iter().any(|check| check["name"] == "disk" && check["ok"] == false), "{stopped}");
        let rounds = stopped["rounds"].as_array().context("there are rounds")?;
        let round = rounds.iter().find(|round| round["roundId"] == ROUND).context("the round is not told")?;
        assert_eq!((&round["phase"], &round["workersPublished"]), (&"Ready".into(), &1.into()));
        ensure!(broken["findings"].to_string().contains("disk: "), "{}", broken["findings"]);

        let redacted = report(&cluster, &control, "redacted", &["--redact-names"]).await?;
        ensure!(!redacted.to_string().contains(ROUND), "the round is named: {redacted}");
        ensure!(redacted.to_string().contains(&ready.to_string()), "its uid is left out");
        holds_no_secret(&cluster, &pairs)?;

        // With nobody to ask there is a report, too, and the exit code says so.
        for index in [0, 1, 2, blank] {
            if cluster.node(index).is_up() {
                cluster.node_mut(index).kill()?;
            }
        }
        let nobody = control.run(&["report", "-o", "json", "--timeout", "1s"]).await?;
        ensure!(nobody.code == 4, "{nobody:?}");
        let nobody: Value = serde_json::from_str(&nobody.stdout)?;
        ensure!(
            nobody["findings"][0]["seen"].as_str().is_some_and(|seen| seen.starts_with("no node answers")),
            "{nobody}"
        );
        cluster.passed();
        Ok(())
    })
}
