//! Rounds as tests need them: small, checked, and awaited by state.

use anyhow::{Context as _, Result, ensure};
use silhouette_client::{Client, Mode, RoundSpec, RoundUid};
use silhouette_proto::v1;

use super::{cluster::Cluster, waiting::eventually, wire::Wire};

/// What was published: keys and values.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Pairs of random keys and values of 16 to 40 bytes: none is anywhere by chance.
pub fn random_pairs(random: &mut fastrand::Rng, count: usize) -> Pairs {
    let bytes = |random: &mut fastrand::Rng| -> Vec<u8> {
        let length = random.usize(16..=40);
        std::iter::repeat_with(|| random.u8(..)).take(length).collect()
    };
    (0..count).map(|_| (bytes(random), bytes(random))).collect()
}

/// Pairs as messages.
pub fn messages(pairs: &Pairs) -> Vec<v1::Pair> {
    pairs.iter().map(|(key, value)| super::wire::pair(key.clone(), value.clone())).collect()
}

impl Wire {
    /// Waits until the round is in this phase.
    pub async fn reaches(&self, uid: &str, phase: v1::Phase) -> Result<v1::Round> {
        eventually(&format!("round {uid} is {}", phase.as_str_name()), async || {
            let round = self.round(uid).await?;
            ensure!(round.phase() == phase, "it is {}", round.phase().as_str_name());
            Ok(round)
        })
        .await
    }

    /// Waits until every one of these members reports that the round's key is destroyed.
    pub async fn destroyed_by(&self, uid: &str, members: &[u64]) -> Result<()> {
        eventually(&format!("round {uid} is destroyed by {members:?}"), async || {
            let round = self.round(uid).await?;
            for member in members {
                let status = round.members.iter().find(|status| status.member_id == *member);
                let status = status.with_context(|| format!("member {member} is not listed"))?;
                ensure!(status.plaintext() == v1::Plaintext::Destroyed, "member {member} holds it");
            }
            Ok(())
        })
        .await
    }

    /// All rounds, oldest first, once a leader confirms that there are no others: an election may be under way.
    pub async fn list_when_led(&self) -> Result<Vec<v1::Round>> {
        eventually("a leader confirms which rounds there are", async || self.list().await).await
    }

    /// All rounds, without what changes by itself: for comparing before and after.
    pub async fn rounds_at_rest(&self) -> Result<Vec<v1::Round>> {
        let mut rounds = self.list().await?;
        for round in &mut rounds {
            round.cluster_time_ms = 0;
        }
        Ok(rounds)
    }
}

/// Member ids of all nodes that run, by asking them.
pub async fn live_members(cluster: &Cluster) -> Result<Vec<u64>> {
    let mut members = Vec::new();
    for node in cluster.nodes().iter().filter(|node| node.is_up()) {
        members.push(node.wire()?.identity().await?.member_id);
    }
    Ok(members)
}

/// Publishes a round of 40 random pairs for one worker, and waits until it is Ready.
pub async fn published(cluster: &Cluster, id: &str, spec: &RoundSpec, seed: u64) -> Result<(RoundUid, Pairs)> {
    let client = cluster.client()?;
    let uid = client.start_round(id, spec).await?.uid;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(seed), 40);
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    Ok((uid, pairs))
}

/// Looks up every pair and as many keys that nobody published, and compares.
pub async fn check_answers(client: &Client, uid: RoundUid, pairs: &Pairs, mode: Mode) -> Result<()> {
    let absent = pairs.iter().map(|(key, _)| [key.as_slice(), b"?"].concat());
    let keys: Vec<_> = pairs.iter().map(|(key, _)| key.clone()).chain(absent).collect();
    let answers = client.get_many(uid, keys).mode(mode).await?;
    let (present, absent) = answers.values().split_at(pairs.len());
    ensure!(absent.len() == pairs.len(), "there is one answer a key");
    for ((_, expected), found) in pairs.iter().zip(present) {
        ensure!(found.as_ref() == Some(expected), "round {uid}: a published key has another value, or none");
    }
    ensure!(absent.iter().all(Option::is_none), "round {uid}: a key that nobody published has a value");
    Ok(())
}
