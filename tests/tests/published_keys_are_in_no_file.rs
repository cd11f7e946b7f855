//! Published pairs are sealed on disk while a round needs them, and unreadable for good afterwards.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use parking_lot::Mutex;
use serde_json::json;
use silhouette_client::{Mode, RoundSpec};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    rounds::{Pairs, check_answers, live_members, messages, random_pairs},
    search::Needles,
    waiting::{eventually, within},
    wire::{self, Wire, chunk, commit, header},
};
use tokio::task::JoinHandle;
use tonic::Status;

/// A worker's name is in the clear: what searches for it and does not find it does not search.
const CANARY: &str = "canary-worker-of-the-search";

/// Keys and values of these pairs.
fn needles(pairs: &Pairs) -> Result<Needles> {
    Needles::new(pairs.iter().flat_map(|(key, value)| [key.as_slice(), value.as_slice()]))
}

/// Searches everything that the nodes have written, data directories and logs, open files included.
fn search(cluster: &Cluster, needles: &Needles, moment: &str) -> Result<()> {
    let found = needles.files_below(cluster.folder())?;
    ensure!(found.is_empty(), "{moment}: pairs are in {found:?}");
    for node in cluster.nodes() {
        let control = Needles::new([CANARY.as_bytes()])?.files_below(node.data())?;
        ensure!(!control.is_empty(), "{moment}: the search of {} does not even find a worker's name", node.name());
    }
    Ok(())
}

/// Where a node keeps a round's key.
fn key_file(cluster: &Cluster, index: usize, uid: &str) -> PathBuf {
    cluster.node(index).data().join("keys").join(uid)
}

/// The keys that the nodes now have for a round.
fn round_keys(cluster: &Cluster, uid: &str) -> Result<Vec<Vec<u8>>> {
    (0..cluster.nodes().len())
        .map(|index| {
            let file = key_file(cluster, index, uid);
            let key = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            ensure!(key.len() == 32, "a round's key has 32 bytes, not {}", key.len());
            let mode = fs::metadata(&file)?.permissions().mode() & 0o777;
            ensure!(mode == 0o600, "{} has mode {mode:o}", file.display());
            Ok(key)
        })
        .collect()
}

async fn restart_all(cluster: &mut Cluster) -> Result<()> {
    for index in 0..cluster.nodes().len() {
        cluster.node_mut(index).kill()?;
    }
    for index in 0..cluster.nodes().len() {
        cluster.node_mut(index).start().await?;
    }
    cluster.all_ready().await
}

#[tokio::test(flavor = "multi_thread")]
async fn published_keys_are_in_no_file_or_log_at_any_moment() -> Result<()> {
    // Whoever turns the logs up to find a fault must not find keys.
    let configuration = Configuration::short_times()
        .set("log.level", json!("info,silhouette_server=trace"))
        .number("raft.compact_entries", 30);
    let mut cluster = Cluster::of(3, configuration).await?;
    let client = cluster.client()?;
    let mut random = fastrand::Rng::with_seed(16);
    let pairs = random_pairs(&mut random, 600);
    let (staged, published) = pairs.split_at(300);
    let needles = needles(&pairs)?;

    let round = client.start_round("secret", &RoundSpec::for_workers(2)).await?;
    let uid = round.uid.to_string();
    client.publish(round.uid, CANARY, published.to_vec()).await?;
    search(&cluster, &needles, "Open, one worker has published")?;

    // Staged and left alone, then resumed.
    let upload = [7; 16];
    let staged = messages(&staged.to_vec());
    let leader = cluster.leader().await?;
    let parts: Vec<_> = (0..).zip(staged.chunks(50)).map(|(number, part)| chunk(number, part.to_vec())).collect();
    let open = [vec![header(&uid, "resumer", upload)], parts[..3].to_vec()].concat();
    let truncated = cluster.node(leader).wire()?.stream(open).await;
    assert!(truncated.is_err(), "a stream without a commit is an error");
    search(&cluster, &needles, "Open, another has staged")?;

    restart_all(&mut cluster).await?;
    search(&cluster, &needles, "Open, after a crash of all")?;

    // A copy of a value that a log might show: a conflict is told to the worker alone.
    let conflict = vec![wire::pair(published[0].0.clone(), *b"another value")];
    let refusal = wire::refused(cluster.node(0).wire()?.publish(&uid, "intruder", conflict).await)?;
    assert_eq!(refusal.reason, "KEY_CONFLICT");
    assert!(!refusal.message.contains(&hex::encode(&published[0].0)));
    search(&cluster, &needles, "Open, after a conflict")?;

    let rest = [vec![header(&uid, "resumer", upload)], parts, vec![commit(staged.chunks(50).len() as u64, &staged)]];
    let leader = cluster.leader().await?;
    cluster.node(leader).wire()?.stream(rest.concat()).await?;
    search(&cluster, &needles, "Sealed, or just Ready")?;

    client.wait(round.uid).await?;
    search(&cluster, &needles, "Ready")?;
    check_answers(&client, round.uid, &pairs, Mode::Pir).await?;
    check_answers(&client, round.uid, &pairs, Mode::Download).await?;
    search(&cluster, &needles, "Ready, after lookups")?;

    cluster.node(0).wire()?.destroyed_by(&uid, &live_members(&cluster).await?).await?;
    search(&cluster, &needles, "destroyed")?;
    restart_all(&mut cluster).await?;
    check_answers(&client, round.uid, &pairs, Mode::Pir).await?;
    search(&cluster, &needles, "destroyed, after a crash of all")?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_key_is_in_no_file_once_every_live_member_reports_destroyed() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let mut random = fastrand::Rng::with_seed(17);

    // Three ways in which a round's pairs end.
    let ends = ["ready", "deleted", "failed"];
    let mut uids = Vec::new();
    let mut keys = Vec::new();
    for end in ends {
        let spec = RoundSpec::for_workers(if end == "ready" { 1 } else { 2 });
        let spec = if end == "failed" { spec.deadline(Duration::from_secs(4)) } else { spec };
        let uid = client.start_round(end, &spec).await?.uid;
        let name = uid.to_string();
        eventually("every node has a key", async || round_keys(&cluster, &name)).await?;
        let found = round_keys(&cluster, &name)?;
        ensure!(found[0] != found[1] && found[1] != found[2] && found[0] != found[2], "each node has a key of its own");
        for key in &found {
            let files = Needles::new([key.as_slice()])?.files_below(cluster.folder())?;
            ensure!(files.len() == 1, "a key is in its own file alone, not in {files:?}");
        }
        client.publish(uid, CANARY, random_pairs(&mut random, 50)).await?;
        uids.push(uid);
        keys.extend(found);
    }
    cluster.node(0).wire()?.cluster.clone().get_status(v1::GetStatusRequest {}).await?;
    let delete = v1::DeleteRoundRequest { round_uid: uids[1].to_string() };
    cluster.node(0).wire()?.rounds.clone().delete_round(delete).await?;

    let members = live_members(&cluster).await?;
    let wire = cluster.node(0).wire()?;
    wire.destroyed_by(&uids[0].to_string(), &members).await?;
    wire.reaches(&uids[2].to_string(), v1::Phase::Failed).await?;
    wire.destroyed_by(&uids[2].to_string(), &members).await?;
    // A deleted round shows no status any more; its key files tell.
    for uid in &uids {
        eventually("no node has a key", async || {
            for index in 0..3 {
                let file = key_file(&cluster, index, &uid.to_string());
                ensure!(!file.exists(), "{} is still there", file.display());
            }
            Ok(())
        })
        .await?;
    }
    let needles = Needles::new(keys.iter().map(Vec::as_slice))?;
    let found = needles.files_below(cluster.folder())?;
    assert!(found.is_empty(), "round keys are still in {found:?}");
    for index in 0..3 {
        cluster.node_mut(index).kill()?;
        cluster.node_mut(index).start().await?;
    }
    cluster.all_ready().await?;
    let found = needles.files_below(cluster.folder())?;
    assert!(found.is_empty(), "after a restart round keys are in {found:?}");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_was_down_destroys_its_key_when_it_returns() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let uid = client.start_round("outlived", &RoundSpec::for_workers(1)).await?.uid;
    let name = uid.to_string();
    let keys = eventually("every node has a key", async || round_keys(&cluster, &name)).await?;
    let down = cluster.follower().await?;
    cluster.node_mut(down).kill()?;

    let pairs = random_pairs(&mut fastrand::Rng::with_seed(18), 50);
    client.publish(uid, CANARY, pairs.clone()).await?;
    client.wait(uid).await?;
    let live = live_members(&cluster).await?;
    let leader = cluster.leader().await?;
    cluster.node(leader).wire()?.destroyed_by(&name, &live).await?;
    let needles = Needles::new(keys.iter().map(Vec::as_slice))?;
    for (index, node) in cluster.nodes().iter().enumerate() {
        let found = needles.files_below(node.folder())?;
        assert_eq!(found.is_empty(), index != down, "{} has round keys in {found:?}", node.name());
    }

    cluster.node_mut(down).start().await?;
    cluster.all_ready().await?;
    let all = live_members(&cluster).await?;
    cluster.node(leader).wire()?.destroyed_by(&name, &all).await?;
    let found = needles.files_below(cluster.folder())?;
    assert!(found.is_empty(), "round keys are still in {found:?}");
    // It was away while the pairs were readable; it has the encoding by digest.
    check_answers(&cluster.client_of(down)?, uid, &pairs, Mode::Pir).await?;
    cluster.passed();
    Ok(())
}

/// Names of the keys that a node has: uids of rounds.
fn key_names(cluster: &Cluster, index: usize) -> Result<BTreeSet<String>> {
    let names = fs::read_dir(cluster.node(index).data().join("keys"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    Ok(names.into_iter().filter(|name| name.len() == 32).collect())
}

/// Starts one round after another at one node, until a call fails.
struct Starter {
    /// The id that was asked for last.
    id: Arc<Mutex<String>>,
    started: Arc<Mutex<BTreeSet<String>>>,
    task: JoinHandle<Status>,
}

impl Starter {
    fn begin(wire: Wire, prefix: String) -> Self {
        let (id, started) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<BTreeSet<String>>>::default());
        let task = tokio::spawn({
            let (id, started) = (Arc::clone(&id), Arc::clone(&started));
            async move {
                for number in 0.. {
                    let next = format!("{prefix}-{number}");
                    id.lock().clone_from(&next);
                    match wire.start(&next, wire::spec(1)).await {
                        Ok(round) => started.lock().insert(round.round_uid),
                        Err(status) => return status,
                    };
                }
                Status::internal("there are no more numbers")
            }
        });
        Self { id, started, task }
    }
}

/// Stops the followers at a moment when the leader has a round's key and its entry, and has not applied it. What is
/// under way at such a moment is chance; so it is tried until it is met. The round's uid, and who was starting it.
async fn stop_within_a_start(cluster: &mut Cluster, leader: usize) -> Result<(String, Starter)> {
    const ATTEMPTS: usize = 30;
    let followers: Vec<_> = (0..3).filter(|&index| index != leader).collect();
    let wire = cluster.node(leader).wire()?;
    for attempt in 0..ATTEMPTS {
        let before = key_names(cluster, leader)?;
        let starter = Starter::begin(wire.clone(), format!("attempt-{attempt}"));
        eventually("rounds are being started", async || {
            ensure!(!starter.started.lock().is_empty(), "none is yet");
            Ok(())
        })
        .await?;
        for &index in &followers {
            cluster.node_mut(index).process()?.pause()?;
        }
        let met = within(Duration::from_millis(500), "an entry hangs", async || {
            let status = wire.status().await?;
            let new: Vec<_> = key_names(cluster, leader)?.difference(&before).cloned().collect();
            let hanging: Vec<_> = new.iter().filter(|uid| !starter.started.lock().contains(*uid)).collect();
            ensure!(status.last_index > status.commit_index, "everything is committed");
            ensure!(status.rounds_known as usize == before.len() + new.len() - 1, "no round is between key and state");
            let [uid] = hanging.as_slice() else { bail!("the keys of rounds that are not started are {hanging:?}") };
            Ok((*uid).clone())
        })
        .await;
        if let Ok(uid) = met {
            return Ok((uid, starter));
        }
        starter.task.abort();
        for &index in &followers {
            cluster.node_mut(index).process()?.resume()?;
        }
        cluster.settled().await?;
        ensure!(cluster.leader().await? == leader, "the leader has changed; the test is too slow for its times");
    }
    bail!("in {ATTEMPTS} attempts no start was stopped half-way")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_start_round_and_its_apply_loses_nothing() -> Result<()> {
    // Many rounds are started, and the leader leads on although nobody answers it for a while.
    let configuration =
        Configuration::short_times().number("rounds.max_open_rounds", 1_000).number("raft.election_ticks", 40);
    let mut cluster = Cluster::of(3, configuration).await?;
    let leader = cluster.leader().await?;
    let followers: Vec<_> = (0..3).filter(|&index| index != leader).collect();
    let (uid, starter) = stop_within_a_start(&mut cluster, leader).await?;
    let keys = cluster.node(leader).data().join("keys");
    for index in 0..3 {
        cluster.node_mut(index).kill()?;
    }
    let failure = starter.task.await?;
    assert!(!starter.started.lock().contains(&uid), "nobody can have said that the round is started, but {failure:?}");
    let id = starter.id.lock().clone();

    // Alone it cannot lead, so the entry stays unapplied while it recovers; the key must outlive that.
    cluster.node_mut(leader).start().await?;
    assert!(keys.join(&uid).exists(), "recovery destroyed the key of a round that is in the log");
    // One follower cannot outvote the longer log: the entry commits.
    cluster.node_mut(followers[0]).start().await?;
    let client = cluster.client()?;
    let round = client.start_round(id, &RoundSpec::for_workers(1)).await?;
    assert_eq!(round.uid.to_string(), uid, "it is the round of the first attempt");
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(19), 50);
    client.publish(round.uid, CANARY, pairs.clone()).await?;
    client.wait(round.uid).await?;
    check_answers(&client, round.uid, &pairs, Mode::Pir).await?;
    cluster.node_mut(followers[1]).start().await?;
    cluster.all_ready().await?;
    check_answers(&cluster.client_of(followers[1])?, round.uid, &pairs, Mode::Pir).await?;
    cluster.passed();
    Ok(())
}
