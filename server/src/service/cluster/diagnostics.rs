//! `GetDiagnostics`: all of a node that helps to find out what is wrong with it.
//!
//! It is for broken nodes too, so nothing is a precondition: what cannot be read is named, and the rest is told. It is
//! made to be passed on: only what cannot hold a key or a value goes in.

use silhouette_proto::v1;

use super::{membership, status};
use crate::{
    consensus::LoggedChange,
    node::{Member, NodeHandle},
    service::wire,
};

/// Everything that the node can tell in its present condition.
pub(super) async fn diagnostics(node: &NodeHandle) -> v1::GetDiagnosticsResponse {
    let mut gaps = Vec::new();
    let status = status::status(node).await.unwrap_or_else(|refusal| {
        gaps.push(format!("the status is incomplete: {refusal}"));
        status::without_storage(node)
    });
    let metrics = metrics(node).await.unwrap_or_else(|why| {
        gaps.push(format!("the metrics cannot be written: {why}"));
        String::new()
    });
    let common = v1::GetDiagnosticsResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: node.settings().annotated_yaml(),
        metrics,
        ..v1::GetDiagnosticsResponse::default()
    };
    let Some(member) = node.running() else {
        return v1::GetDiagnosticsResponse { status: Some(status), gaps, ..common };
    };
    let changes = changes(&member).await.unwrap_or_else(|why| {
        gaps.push(format!("the log's membership changes cannot be read: {why}"));
        Vec::new()
    });
    let state = member.consensus.state();
    let rounds = state.live_rounds().map(|round| wire::round(&state, round)).collect();
    drop(state);
    v1::GetDiagnosticsResponse {
        // A member that has stopped serving says less by itself than is known of it.
        status: Some(status::of_member(status, &member)),
        configuration: Some(membership::configuration(&member)),
        changes,
        first_index: member.consensus.status().borrow().first_index.0,
        rounds,
        gaps,
        ..common
    }
}

/// Takes figures of the disk, too, and so may block.
async fn metrics(node: &NodeHandle) -> Result<String, String> {
    let node = node.clone();
    let writing = tokio::task::spawn_blocking(move || node.metrics().to_text(node.figures()));
    writing.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

async fn changes(member: &Member) -> Result<Vec<v1::ConfigurationChange>, String> {
    let consensus = member.consensus.clone();
    let reading = tokio::task::spawn_blocking(move || consensus.configuration_log());
    let changes = reading.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    Ok(changes.iter().map(change).collect())
}

fn change(logged: &LoggedChange) -> v1::ConfigurationChange {
    let parts = logged.change.iter().flat_map(|change| &change.parts);
    v1::ConfigurationChange {
        index: logged.index.0,
        term: logged.term.0,
        changes: parts.map(|(member, action)| wire::member_change(*member, *action)).collect(),
        cluster_time_ms: logged.change.as_ref().map_or(0, |change| change.time.0),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::{Arguments, Settings};

    #[tokio::test]
    async fn a_node_whose_storage_is_not_open_tells_what_it_knows_and_what_is_missing() {
        let arguments = Arguments::try_parse_from(["silhouette-server", "--data-dir", "/nowhere"]).expect("flags");
        let settings = Settings::new(&arguments).expect("the settings make sense");
        let node = NodeHandle::new(settings, v1::Addresses::default());
        let told = diagnostics(&node).await;
        assert!(told.settings.contains("/nowhere") && told.metrics.contains("silhouette_build_info"));
        assert!(told.gaps[0].starts_with("the status is incomplete: this node is starting"), "{:?}", told.gaps);
        let status = told.status.expect("there is a status");
        assert_eq!((status.identity, told.configuration), (None, None));
        assert!(!status.checks.is_empty(), "its checks are told");
    }
}
