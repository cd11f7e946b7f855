//! Rounds are admitted only as far as the members' memory reaches, and what is admitted stays within it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use silhouette_client::{Client, Mode, RoundUid};
use silhouette_proto::v1::{self, round_spec::ValueLength};
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    rounds::check_answers,
    wire::{self, Refused, Wire, refused},
};
use tokio::task::JoinSet;
use tonic::Code;

const MEBIBYTE: u64 = 1 << 20;

/// What each node offers to rounds while they are as heavy as is admitted.
const BUDGET_BYTES: u64 = 256 * MEBIBYTE;

/// What a node needs beside rounds and beside what it needs with none, however many there are: the database's write
/// buffers and cache (64 MiB), proposals under way (24 MiB), entries that wait to be appended (16 MiB) and those on
/// their way to two followers (32 MiB), and buffers of streams.
const OVERHEAD_BYTES: u64 = 128 * MEBIBYTE;

/// Workers that publish at once.
const WORKERS: u64 = 8;

/// Longest key of all rounds here.
const KEY_BYTES: usize = 256;

/// Most pairs that a round may have anywhere.
const PAIRS: u64 = 1 << 20;

/// A round with fewer pairs is not worth filling.
const FEW_PAIRS: u64 = 4_000;

/// A kind of round.
#[derive(Debug, Clone, Copy)]
struct Kind {
    key_bytes: usize,
    value_bytes: usize,
}

/// What is large about each differs.
const NUMEROUS: Kind = Kind { key_bytes: 8, value_bytes: 8 };
const LONG_KEYS: Kind = Kind { key_bytes: KEY_BYTES, value_bytes: 8 };
const LONG_VALUES: Kind = Kind { key_bytes: 8, value_bytes: 1_024 };

impl Kind {
    fn key(self, number: u64) -> Vec<u8> {
        let mut key = vec![b'k'; self.key_bytes];
        key[..8].copy_from_slice(&number.to_be_bytes());
        key
    }

    fn value(self, number: u64) -> Vec<u8> {
        number.to_le_bytes().into_iter().cycle().take(self.value_bytes).collect()
    }

    fn spec(self, max_pairs: u64) -> v1::RoundSpec {
        v1::RoundSpec {
            value_length: Some(ValueLength::FixedValueBytes(self.value_bytes as u32)),
            max_pairs: Some(max_pairs),
            ..wire::spec(WORKERS as u32)
        }
    }
}

/// A round that was started, and how many pairs it may hold.
#[derive(Debug)]
struct Started {
    uid: RoundUid,
    pairs: u64,
}

/// Starts the largest round of a kind that is admitted, which it finds by trying. Numbers of pairs that are closer than
/// `step` count as one. `None`: there is no room for any.
async fn start_largest(cluster: &Cluster, kind: Kind, id: &str, step: u64) -> Result<Option<Started>> {
    let wire = cluster.node(0).wire()?;
    let (mut admitted, mut beyond) = (0, PAIRS + 1);
    while admitted + step < beyond {
        let pairs = u64::midpoint(admitted, beyond);
        match wire.start(&format!("{id}-{pairs}"), kind.spec(pairs)).await {
            Ok(round) => {
                cluster.client()?.delete_round(round.round_uid.parse()?).await?;
                admitted = pairs;
            }
            Err(status) => {
                too_large(&refused::<()>(Err(status))?)?;
                beyond = pairs;
            }
        }
    }
    if admitted == 0 {
        return Ok(None);
    }
    let uid = wire.start(id, kind.spec(admitted)).await?.round_uid.parse()?;
    Ok(Some(Started { uid, pairs: admitted }))
}

/// Asserts that there is no room for a round; how many bytes are left.
fn too_large(refusal: &Refused) -> Result<u64> {
    ensure!(
        (refusal.reason.as_str(), refusal.code) == ("MEMORY_BUDGET_EXCEEDED", Code::ResourceExhausted),
        "{refusal:?}"
    );
    let number = |name: &str| -> Result<u64> { Ok(refusal.metadata.get(name).context("it is told")?.parse()?) };
    let (bytes, limit) = (number("bytes")?, number("limit")?);
    ensure!(bytes > limit, "{bytes} bytes fit {limit}");
    Ok(limit)
}

/// Publishes exactly so many pairs of a kind, by all workers at once, and waits until they can be read.
async fn fill(client: &Client, kind: Kind, round: &Started) -> Result<()> {
    let (uid, pairs) = (round.uid, round.pairs);
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let client = client.clone();
        workers.spawn(async move {
            let own = (worker..pairs).step_by(WORKERS as usize).map(|number| (kind.key(number), kind.value(number)));
            client.publish(uid, format!("w{worker}"), own).await
        });
    }
    while let Some(published) = workers.join_next().await {
        published?.context("publishing")?;
    }
    client.wait(uid).await?;
    let sample = [0, pairs / 2, pairs - 1].map(|number| (kind.key(number), kind.value(number)));
    check_answers(client, uid, &sample.to_vec(), Mode::Pir).await?;
    check_answers(client, uid, &sample.to_vec(), Mode::Download).await
}

/// What each node takes with no round, and what it may take with as many as there is room for.
struct Memory {
    base: BTreeMap<String, u64>,
}

impl Memory {
    fn without_rounds(cluster: &Cluster) -> Result<Self> {
        let base = cluster.nodes().iter().map(|node| Ok((node.name().to_owned(), node.memory()?.peak)));
        Ok(Self { base: base.collect::<Result<_>>()? })
    }

    /// Asserts that no node has ever taken more than it may.
    fn is_within_the_budget(&self, cluster: &Cluster, what: &str) -> Result<()> {
        for node in cluster.nodes() {
            let (base, peak) = (self.base[node.name()], node.memory()?.peak);
            let beyond = peak.saturating_sub(base + BUDGET_BYTES);
            eprintln!(
                "{what}: {} took {} MiB, {} of them with no round",
                node.name(),
                peak / MEBIBYTE,
                base / MEBIBYTE
            );
            ensure!(
                beyond <= OVERHEAD_BYTES,
                "{what}: {} took {} MiB beyond the budget",
                node.name(),
                beyond / MEBIBYTE
            );
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heaviest_rounds_that_are_admitted_stay_within_the_budget() -> Result<()> {
    let configuration = Configuration::defaults()
        // So much at once may keep a small machine from its heartbeats; elections are not what this is about.
        .time("raft.tick", Duration::from_millis(500))
        .number("rounds.max_key_bytes", KEY_BYTES as u64)
        .number("memory.budget_bytes", BUDGET_BYTES);
    let cluster = Cluster::of(3, configuration).await?;
    let client = Client::builder()
        .endpoints(cluster.endpoints())
        .timeout(Duration::from_mins(2))
        .attempt_timeout(Duration::from_secs(30))
        .build()?;
    let memory = Memory::without_rounds(&cluster)?;
    // Alone, so that it is as large as it can be.
    let round = start_largest(&cluster, LONG_KEYS, "alone", PAIRS / 256).await?.context("nothing else is there")?;
    fill(&client, LONG_KEYS, &round).await.with_context(|| format!("{round:?}"))?;
    memory.is_within_the_budget(&cluster, &format!("{} pairs", round.pairs))?;
    client.delete_round(round.uid).await?;
    // Then as many as there is room for, which stay.
    let mut rounds = Vec::new();
    loop {
        let id = format!("kept-{}", rounds.len());
        let Some(round) = start_largest(&cluster, LONG_VALUES, &id, FEW_PAIRS).await? else { break };
        fill(&client, LONG_VALUES, &round).await.with_context(|| format!("{round:?}"))?;
        rounds.push(round);
    }
    ensure!(rounds.len() > 1, "there was room for {} rounds", rounds.len());
    cluster.settled().await?;
    memory.is_within_the_budget(&cluster, &format!("{} rounds", rounds.len()))?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_needs_one_pair_more_than_the_least_member_has_room_for_is_refused() -> Result<()> {
    let offers = |bytes| Configuration::short_times().number("memory.budget_bytes", bytes);
    let (least, most) = (64 * MEBIBYTE, 128 * MEBIBYTE);
    let mut cluster = Cluster::unstarted(3, offers(most))?;
    cluster.node(1).configure(&offers(least))?;
    for index in 0..3 {
        cluster.node_mut(index).start().await?;
    }
    cluster.form().await?;
    let wire = cluster.node(0).wire()?;

    // By what it may hold.
    let largest = start_largest(&cluster, NUMEROUS, "largest", 1).await?.context("there is room")?;
    cluster.client()?.delete_round(largest.uid).await?;
    let before = wire.rounds_at_rest().await?;
    for node in cluster.nodes() {
        let beyond = node.wire()?.start("beyond", NUMEROUS.spec(largest.pairs + 1)).await;
        ensure!(too_large(&refused(beyond)?)? == least, "the limit is what the least member offers");
    }
    ensure!(wire.rounds_at_rest().await? == before, "rounds have changed");

    // By what others hold.
    let mut admitted = 0;
    let left = loop {
        match wire.start(&format!("one-of-many-{admitted}"), NUMEROUS.spec(10_000)).await {
            Ok(_) => admitted += 1,
            Err(status) => break too_large(&refused::<()>(Err(status))?)?,
        }
    };
    ensure!(admitted > 1 && left < least, "{admitted} rounds leave {left} bytes of {least}");
    ensure!(wire.list().await?.len() == admitted, "rounds that were refused are there");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_less_memory_than_rounds_need_does_not_become_a_voter() -> Result<()> {
    let offers = |bytes| Configuration::short_times().number("memory.budget_bytes", bytes);
    let mut cluster = Cluster::of(3, offers(256 * MEBIBYTE)).await?;
    let wire = cluster.node(0).wire()?;
    wire.start("large", NUMEROUS.spec(20_000)).await?;

    let index = cluster.add_node().await?;
    cluster.node_mut(index).stop().await?;
    cluster.node(index).configure(&offers(MEBIBYTE))?;
    cluster.node_mut(index).start().await?;
    let endpoint = cluster.node(index).addresses().client.to_string();
    let outcome = cluster.control().run(&["cluster", "add", &endpoint]).await?;
    ensure!(outcome.code == 1, "cluster add ended with {}: {}", outcome.code, outcome.stderr);
    for part in ["offers 1048576 bytes of memory", "memory.budget_bytes"] {
        ensure!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    // Whoever calls the interface is told the reason.
    let configuration = wire.configuration().await?;
    let learner = configuration.members.iter().find(|member| member.state() == v1::MemberState::Learner);
    let learner = learner.context("it learns")?.member_id;
    let promotion = v1::ChangeMembersRequest {
        cluster_id: configuration.cluster_id,
        expected_conf_index: configuration.conf_index,
        changes: vec![v1::MemberChange { member_id: learner, action: v1::MemberAction::Promote.into() }],
        replaced_silent_ms: 0,
    };
    let refusal = refused(wire.cluster.clone().change_members(promotion).await)?;
    ensure!(
        (refusal.reason.as_str(), refusal.code) == ("MEMBER_BUDGET_TOO_SMALL", Code::FailedPrecondition),
        "{refusal:?}"
    );
    ensure!(refusal.metadata["memberId"] == learner.to_string(), "{refusal:?}");
    ensure!(voters(&wire).await? == 3, "it votes");

    // With more of it the same command goes on where it stopped.
    cluster.node_mut(index).stop().await?;
    cluster.node(index).configure(&offers(256 * MEBIBYTE))?;
    cluster.node_mut(index).start().await?;
    cluster.admit(&endpoint, None).await?;
    ensure!(voters(&wire).await? == 4, "it does not vote");
    cluster.passed();
    Ok(())
}

async fn voters(wire: &Wire) -> Result<usize> {
    let members = wire.configuration().await?.members;
    if members.is_empty() {
        bail!("a cluster has members");
    }
    Ok(members.iter().filter(|member| member.state() == v1::MemberState::Voter).count())
}
