//! Whoever crosses a limit by one is refused with that limit's own reason, and nothing has changed.

mod of_nodes;
mod of_rounds;

use anyhow::{Result, ensure};
use silhouette_tests::harness::{node::Node, wire::Refused};
use tonic::Code;

/// Asserts that a refusal is that of a limit.
fn is_limit(refusal: &Refused, reason: &str) {
    assert_eq!((refusal.reason.as_str(), refusal.code), (reason, Code::ResourceExhausted), "{refusal:?}");
    assert!(refusal.metadata.contains_key("limit"), "{refusal:?}");
}

/// Asserts that a node tells of a refusal for this reason.
async fn is_told(node: &Node, reason: &str) -> Result<()> {
    let refusals = node.metric_with("silhouette_grpc_refused_total", &[&format!("reason=\"{reason}\"")]).await?;
    ensure!(refusals >= 1.0, "{reason} is not in the metrics of {}", node.name());
    Ok(())
}
