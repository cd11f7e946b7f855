//! Comparing what members have replicated.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::{cluster::Cluster, waiting::eventually};

/// Digests of members' states as they were seen, by the index at which they were taken.
#[derive(Debug)]
pub struct States {
    comparison_key: [u8; 32],
    seen: BTreeMap<u64, Seen>,
}

#[derive(Debug)]
struct Seen {
    digest: Vec<u8>,
    nodes: Vec<usize>,
}

/// What a comparison came to.
enum Comparison {
    /// All running nodes were seen at one index, with one state.
    Equal,
    /// They were not yet seen at one index.
    Apart,
    /// Two of them differ at the same index.
    Different(String),
}

impl States {
    /// Nothing seen yet. The key makes digests of these states comparable with each other alone.
    pub fn new(comparison_key: [u8; 32]) -> Self {
        Self { comparison_key, seen: BTreeMap::new() }
    }

    /// Asks every running node for its state; an error if one differs from what another ever had at the same index.
    pub async fn look(&mut self, cluster: &Cluster) -> Result<()> {
        match self.compare(cluster).await? {
            Comparison::Different(difference) => bail!(difference),
            Comparison::Equal | Comparison::Apart => Ok(()),
        }
    }

    /// Waits until all running nodes were seen at one index with the same state. What was seen before does not count.
    pub async fn are_equal(&mut self, cluster: &Cluster) -> Result<()> {
        self.seen.clear();
        let difference = eventually("all nodes are seen at one index", async || {
            match self.compare(cluster).await? {
                Comparison::Equal => Ok(None),
                Comparison::Apart => bail!("their indices differ"),
                // Waiting does not make it go away.
                Comparison::Different(difference) => Ok(Some(difference)),
            }
        })
        .await?;
        match difference {
            Some(difference) => bail!(difference),
            None => Ok(()),
        }
    }

    async fn compare(&mut self, cluster: &Cluster) -> Result<Comparison> {
        let mut running = Vec::new();
        for (index, node) in cluster.nodes().iter().enumerate().filter(|(_, node)| node.is_up()) {
            running.push(index);
            let (applied, digest) = node.wire()?.state_digest(&self.comparison_key).await?;
            let seen = self.seen.entry(applied).or_insert_with(|| Seen { digest: digest.clone(), nodes: Vec::new() });
            if seen.digest != digest {
                let others: Vec<_> = seen.nodes.iter().map(|&other| cluster.node(other).name()).collect();
                return Ok(Comparison::Different(format!(
                    "at index {applied} the state of {} differs from that of {}",
                    node.name(),
                    others.join(" and ")
                )));
            }
            if !seen.nodes.contains(&index) {
                seen.nodes.push(index);
            }
        }
        let equal = self.seen.values().any(|seen| running.iter().all(|node| seen.nodes.contains(node)));
        Ok(if equal { Comparison::Equal } else { Comparison::Apart })
    }
}
