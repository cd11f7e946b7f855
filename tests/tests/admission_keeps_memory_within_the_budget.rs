//! Rounds are admitted only as far as the members' memory reaches, and what is admitted stays within it.

use anyhow::{Result, ensure};
use silhouette_client::{Client, Mode, RoundUid};
use silhouette_proto::v1;
use silhouette_tests::harness::{cluster::Cluster, configuration::Configuration, rounds::check_answers, wire::refused};
use tokio::task::JoinSet;

/// What each node offers to rounds.
const BUDGET_BYTES: u64 = 256 << 20;
/// Workers that publish at once.
const WORKERS: u64 = 8;

/// A kind of round.
#[derive(Debug, Clone, Copy)]
struct Kind {
    name: &'static str,
    key_bytes: usize,
    value_bytes: u32,
}

/// What is large about them differs: keys, values, or their number.
const KINDS: [Kind; 3] = [
    Kind { name: "numerous", key_bytes: 8, value_bytes: 8 },
    Kind { name: "long-keys", key_bytes: 1_024, value_bytes: 8 },
    Kind { name: "long-values", key_bytes: 8, value_bytes: 16_384 },
];

impl Kind {
    fn key(self, number: u64) -> Vec<u8> {
        let mut key = vec![b'k'; self.key_bytes];
        key[..8].copy_from_slice(&number.to_be_bytes());
        key
    }

    fn value(self, number: u64) -> Vec<u8> {
        number.to_le_bytes().into_iter().cycle().take(self.value_bytes as usize).collect()
    }

    fn spec(self, max_pairs: u64) -> v1::RoundSpec {
        v1::RoundSpec {
            value_length: Some(v1::round_spec::ValueLength::FixedValueBytes(self.value_bytes)),
            max_pairs: Some(max_pairs),
            ..silhouette_tests::harness::wire::spec(WORKERS as u32)
        }
    }
}

/// Starts the largest round of a kind that is admitted; its uid and maximum. `None`: there is no room for one.
async fn start_largest(cluster: &Cluster, kind: Kind, id: &str) -> Result<Option<(String, u64)>> {
    let wire = cluster.node(0).wire()?;
    let (mut admitted, mut refused_at) = (0_u64, 1 << 20);
    let mut last = None;
    let mut attempt = 0;
    while admitted + admitted / 64 + 1 < refused_at {
        let pairs = (admitted + refused_at).div_ceil(2);
        attempt += 1;
        match wire.start(&format!("{id}-{attempt}"), kind.spec(pairs)).await {
            Ok(round) => {
                if let Some((uid, _)) = last.replace((round.round_uid, pairs)) {
                    delete(cluster, &uid).await?;
                }
                admitted = pairs;
            }
            Err(status) => {
                let refusal = refused::<()>(Err(status))?;
                ensure!(["ROUND_TOO_LARGE", "INVALID_REQUEST"].contains(&refusal.reason.as_str()), "{refusal:?}");
                refused_at = pairs;
            }
        }
    }
    Ok(last)
}

async fn delete(cluster: &Cluster, uid: &str) -> Result<()> {
    Ok(cluster.client()?.delete_round(uid.parse()?).await?)
}

/// Publishes exactly `pairs` pairs of a kind, by all workers at once.
async fn fill(client: &Client, kind: Kind, uid: RoundUid, pairs: u64) -> Result<()> {
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let client = client.clone();
        workers.spawn(async move {
            let own = (worker..pairs).step_by(WORKERS as usize).map(|number| (kind.key(number), kind.value(number)));
            client.publish(uid, format!("w{worker}"), own).await
        });
    }
    while let Some(published) = workers.join_next().await {
        published??;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heaviest_admitted_rounds_stay_within_the_budget() -> Result<()> {
    let configuration = Configuration::short_times()
        .time("raft.tick", std::time::Duration::from_millis(200))
        .time("readiness.leader_silence", std::time::Duration::from_secs(10))
        .number("memory.budget_bytes", BUDGET_BYTES);
    let cluster = Cluster::of(3, configuration).await?;
    let client = Client::builder()
        .endpoints(cluster.endpoints())
        .timeout(std::time::Duration::from_secs(120))
        .attempt_timeout(std::time::Duration::from_secs(30))
        .build()?;
    let show = |what: &str| {
        for node in cluster.nodes() {
            if let Ok(m) = node.memory() {
                eprintln!("{what} {} rss {} peak {}", node.name(), m.resident >> 20, m.peak >> 20);
            }
        }
    };
    show("base");
    let begun = std::time::Instant::now();
    for kind in KINDS {
        for node in cluster.nodes() {
            node.forget_peak()?;
        }
        let (uid, pairs) = start_largest(&cluster, kind, kind.name).await?.unwrap();
        eprintln!("{kind:?} {pairs} {:?}", begun.elapsed());
        fill(&client, kind, uid.parse()?, pairs).await?;
        show("published");
        client.wait(uid.parse()?).await?;
        show("ready");
        let sample = vec![(kind.key(0), kind.value(0)), (kind.key(pairs - 1), kind.value(pairs - 1))];
        check_answers(&client, uid.parse()?, &sample, Mode::Pir).await?;
        cluster.settled().await?;
        show("settled");
        eprintln!("{:?}", begun.elapsed());
        delete(&cluster, &uid).await?;
        cluster.settled().await?;
        show("deleted");
    }
    let mut number = 0;
    while let Some((uid, pairs)) = start_largest(&cluster, KINDS[2], &format!("fill-{number}")).await? {
        if pairs < 64 || number > 20 {
            break;
        }
        eprintln!("fill {number} {pairs} {:?}", begun.elapsed());
        fill(&client, KINDS[2], uid.parse()?, pairs).await?;
        client.wait(uid.parse()?).await?;
        show("ready");
        number += 1;
    }
    cluster.passed();
    Ok(())
}
