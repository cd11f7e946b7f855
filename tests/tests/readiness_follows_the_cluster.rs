//! A node is in service exactly while it can serve: sealing is no reason to leave, a partition is, and leaving is done
//! so that nobody notices.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use silhouette_client::{Mode, RoundSpec};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    isolation::isolated,
    load::Load,
    probe,
    rounds::{check_answers, published},
    waiting::eventually,
    wire::refused,
};
use tokio::task::JoinHandle;

/// Rounds that are sealed one after another.
const SEALINGS: u64 = 10;
/// Room that makes encoding take longer than looking at readiness.
const MAX_PAIRS: u64 = 20_000;

/// A probe that is repeated without pause; its answers that were not 200.
struct Watch {
    enough: Arc<AtomicBool>,
    task: JoinHandle<(u64, Vec<String>)>,
}

impl Watch {
    fn begin(cluster: &Cluster, index: usize) -> Self {
        let address = cluster.node(index).addresses().http;
        let enough = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn({
            let enough = Arc::clone(&enough);
            async move {
                let (mut looks, mut failures) = (0, Vec::new());
                while !enough.load(Ordering::Relaxed) {
                    match probe::get(address, "/readyz?verbose").await {
                        Ok(answer) if answer.is_ok() => {}
                        Ok(answer) => failures.push(format!("{}: {}", answer.status, answer.body)),
                        Err(error) => failures.push(format!("{error:#}")),
                    }
                    looks += 1;
                    // As often as readiness itself looks.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                (looks, failures)
            }
        });
        Self { enough, task }
    }

    async fn end(self) -> Result<u64> {
        self.enough.store(true, Ordering::Relaxed);
        let (looks, failures) = self.task.await?;
        match failures.first() {
            Some(failure) => bail!("{} of {looks} probes failed, the first with {failure}", failures.len()),
            None => Ok(looks),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealing_rounds_one_after_another_never_takes_a_node_out() -> Result<()> {
    // A check that fails once, however briefly, takes the node out.
    let configuration = Configuration::short_times()
        .time("readiness.fail_hold", Duration::from_millis(1))
        .time("readiness.interval", Duration::from_millis(10))
        .time("readiness.leader_silence", Duration::from_secs(5));
    let cluster = Cluster::of(3, configuration).await?;
    let watches: Vec<_> = (0..3).map(|index| Watch::begin(&cluster, index)).collect();
    let spec = RoundSpec::for_workers(1).max_pairs(MAX_PAIRS);
    for number in 0..SEALINGS {
        published(&cluster, &format!("sealed-{number}"), &spec, number).await?;
    }
    cluster.settled().await?;
    for (node, watch) in cluster.nodes().iter().zip(watches) {
        let looks = watch.end().await.with_context(|| format!("{} was taken out", node.name()))?;
        ensure!(looks >= SEALINGS, "the probe looked {looks} times at {SEALINGS} sealings");
    }
    cluster.passed();
    Ok(())
}

#[test]
fn a_follower_that_is_cut_off_leaves_service_and_returns() -> Result<()> {
    isolated(async || {
        let cluster = Cluster::in_places(Configuration::short_times()).await?;
        let spec = RoundSpec::for_workers(1);
        let (before, before_pairs) = published(&cluster, "before", &spec, 1).await?;
        cluster.settled().await?;
        let index = cluster.follower().await?;
        let node = cluster.node(index);
        let place = node.place().context("it has a place")?;

        place.cut()?;
        node.unready().await?;
        let verbose = node.probe("/readyz?verbose").await?.body;
        ensure!(verbose.lines().any(|line| line.contains("leader") && line.contains("no leader")), "{verbose}");
        ensure!(node.probe("/livez").await?.is_ok(), "being cut off is no reason to be killed");
        // A Ready round never changes: it is answered with or without a leader.
        check_answers(&cluster.client_of(index)?, before, &before_pairs, Mode::Pir).await?;
        for other in (0..3).filter(|&other| other != index) {
            cluster.node(other).ready().await.context("the others go on")?;
        }
        let (during, during_pairs) = published(&cluster, "during", &spec, 2).await?;
        // Of what was started since it knows nothing, so it must not say that there is nothing.
        let rounds = node.wire()?.rounds.clone().list_rounds(v1::ListRoundsRequest {}).await;
        ensure!(refused(rounds)?.reason == "NO_LEADER", "it answers as if it were not cut off");
        // Without pre-votes it would come back with a later term and depose the leader.
        let term = cluster.node(cluster.leader().await?).wire()?.status().await?.term;

        place.heal()?;
        node.ready().await?;
        cluster.settled().await?;
        check_answers(&cluster.client_of(index)?, during, &during_pairs, Mode::Pir).await?;
        let now = cluster.node(cluster.leader().await?).wire()?.status().await?.term;
        ensure!(now == term, "its return has cost the cluster its leader");
        cluster.passed();
        Ok(())
    })
}

#[test]
fn a_leader_that_is_cut_off_leaves_service_and_another_leads() -> Result<()> {
    isolated(async || {
        let cluster = Cluster::in_places(Configuration::short_times()).await?;
        let spec = RoundSpec::for_workers(1);
        let index = cluster.leader().await?;
        let node = cluster.node(index);
        let place = node.place().context("it has a place")?;
        place.cut()?;
        node.unready().await?;
        eventually("another node leads", async || {
            let leader = cluster.leader().await?;
            ensure!(leader != index, "it still leads");
            Ok(())
        })
        .await?;
        let (during, pairs) = published(&cluster, "during", &spec, 3).await?;
        place.heal()?;
        node.ready().await?;
        cluster.settled().await?;
        check_answers(&cluster.client_of(index)?, during, &pairs, Mode::Pir).await?;
        cluster.passed();
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_told_to_end_under_load_loses_no_request() -> Result<()> {
    let configuration = Configuration::short_times().time("shutdown.drain_delay", Duration::from_millis(1_500));
    let mut cluster = Cluster::of(3, configuration).await?;
    let (uid, pairs) = published(&cluster, "read", &RoundSpec::for_workers(1), 4).await?;
    cluster.settled().await?;
    let load = Load::begin(&cluster, uid, &pairs)?;
    // The leader last: its successor is asked to end in its turn too.
    let leader = cluster.leader().await?;
    for index in (0..3).filter(|&index| index != leader).chain([leader]) {
        let served = load.calls();
        cluster.node_mut(index).process()?.terminate()?;
        cluster.node(index).unready().await.context("before it ends it says that it will")?;
        // Balancers have not noticed yet: whoever still comes is served.
        check_answers(&cluster.client_of(index)?, uid, &pairs[..2].to_vec(), Mode::Pir)
            .await
            .context("while draining")?;
        let told = Instant::now();
        let status = cluster.node_mut(index).ended().await?;
        eprintln!("{} ended {:.1} s later", cluster.node(index).name(), told.elapsed().as_secs_f64());
        ensure!(status.success(), "{} ended with {status}", cluster.node(index).name());
        cluster.node_mut(index).start().await?;
        cluster.settled().await?;
        eventually("clients are served again", async || {
            ensure!(load.calls() > served, "no call has ended since");
            Ok(())
        })
        .await?;
    }
    let calls = load.end().await?;
    ensure!(calls > 0, "nobody called");
    cluster.passed();
    Ok(())
}
