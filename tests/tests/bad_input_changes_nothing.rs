//! Whatever is wrong with a request, the answer is a stable reason and a sentence, and nothing has changed.

mod malformed;
mod publications;
mod retrievals;

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use silhouette_proto::v1;
use silhouette_tests::harness::{cluster::Cluster, wire::Refused};
use tonic::Code;

/// What of all rounds bad input must not change. A stream that breaks off may leave chunks staged, to be resumed.
#[derive(Debug, PartialEq)]
struct Essence {
    rounds: Vec<v1::Round>,
}

impl Essence {
    /// As this node sees the rounds.
    async fn seen_by(cluster: &Cluster, index: usize) -> Result<Self> {
        let mut rounds = cluster.node(index).wire()?.rounds_at_rest().await?;
        for round in &mut rounds {
            round.workers.retain(|worker| worker.published);
            // Members report by themselves what they hold and have destroyed.
            round.members.clear();
        }
        Ok(Self { rounds })
    }
}

/// Asserts that nothing has changed since `before`, at any node, and that every node still runs.
async fn unchanged(cluster: &mut Cluster, before: &Essence) -> Result<()> {
    for index in 0..cluster.nodes().len() {
        ensure!(cluster.node_mut(index).process()?.status()?.is_none(), "a node has ended");
        let after = Essence::seen_by(cluster, index).await?;
        ensure!(after == *before, "rounds have changed:\n{before:#?}\n{after:#?}");
        ensure!(cluster.node(index).probe("/livez").await?.is_ok(), "a node is not alive");
    }
    Ok(())
}

/// Asserts a refusal's reason, code and names of metadata.
fn is(refusal: &Refused, reason: &str, code: Code, metadata: &[&str]) {
    assert_eq!((refusal.reason.as_str(), refusal.code), (reason, code), "{refusal:?}");
    let names: BTreeSet<&str> = refusal.metadata.keys().map(String::as_str).collect();
    assert_eq!(names, metadata.iter().copied().collect(), "{refusal:?}");
}
