//! What differs from what the members agreed on is never served. A damaged encoding is repaired, or its round refused;
//! a member whose pairs are not those of the others is fenced, and stays so until it is replaced.

mod encodings;
mod pairs;

use anyhow::Result;
use silhouette_client::{Client, RoundSpec, RoundUid};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{Pairs, live_members, random_pairs},
    wire,
};

/// A Ready round whose pairs every member has destroyed: nobody can encode it again.
async fn shredded_round(cluster: &Cluster, client: &Client, id: &str, seed: u64) -> Result<(RoundUid, Pairs)> {
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(seed), 40);
    let uid = client.start_round(id, &RoundSpec::for_workers(1)).await?.uid;
    client.publish(uid, "w0", pairs.clone()).await?;
    client.wait(uid).await?;
    let members = live_members(cluster).await?;
    cluster.node(cluster.leader().await?).wire()?.destroyed_by(&uid.to_string(), &members).await?;
    for node in cluster.nodes() {
        silhouette_tests::harness::waiting::eventually("every node holds the round", async || {
            let round = node.wire()?.round(&uid.to_string()).await?;
            anyhow::ensure!(node.wire()?.status().await?.rounds_held > 0, "{} does not: {round:?}", node.name());
            Ok(())
        })
        .await?;
    }
    Ok((uid, pairs))
}

/// An open round of which the first of two workers has published.
struct HalfPublished {
    uid: RoundUid,
    /// The upload of what was published.
    upload: [u8; 16],
    /// What was published.
    early: Pairs,
    /// What the second worker is going to publish.
    late: Pairs,
}

async fn half_published(cluster: &Cluster, client: &Client, id: &str, seed: u64) -> Result<HalfPublished> {
    let uid = client.start_round(id, &RoundSpec::for_workers(2)).await?.uid;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(seed), 80);
    let (early, late) = pairs.split_at(40);
    let (early, late): (Pairs, Pairs) = (early.to_vec(), late.to_vec());
    let upload = [7; 16];
    let messages = silhouette_tests::harness::rounds::messages(&early);
    let stream = vec![
        wire::header(&uid.to_string(), "early", upload),
        wire::chunk(0, messages.clone()),
        wire::commit(1, &messages),
    ];
    let events = cluster.node(cluster.leader().await?).wire()?.stream(stream).await?;
    anyhow::ensure!(
        matches!(events.last(), Some(v1::publish_values_response::Event::Published(_))),
        "it was not published: {events:?}"
    );
    Ok(HalfPublished { uid, upload, early, late })
}

impl HalfPublished {
    fn all(&self) -> Pairs {
        self.early.iter().chain(&self.late).cloned().collect()
    }
}
