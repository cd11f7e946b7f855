//! `silhouettectl cluster create`.

use clap::Args;
use futures::future::try_join_all;
use serde::Serialize;
use silhouette_client::{ClusterId, MemberState};

use super::view::{ConfigurationDocument, name};
use crate::{dry_run::DryRun, exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster create --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613
  silhouettectl cluster create --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613 --cluster-id blue
  silhouettectl cluster create --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613 --dry-run")]
pub(crate) struct Create {
    /// Lower-case letters, digits and `-`; at most 64. Again the same id finishes what was interrupted
    /// [default: random]
    #[arg(long, value_name = "ID")]
    cluster_id: Option<ClusterId>,
    #[command(flatten)]
    dry: DryRun,
}

/// A cluster that would be formed, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument {
    /// Null if it would be made at random.
    cluster_id: Option<String>,
    endpoints: Vec<String>,
}

impl Create {
    /// Forms the cluster. It asks every endpoint first and changes nothing if one belongs to a cluster.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let cluster = session.client()?.cluster();
        let endpoints = cluster.endpoints();
        let before = try_join_all(endpoints.iter().map(|endpoint| cluster.identity(endpoint))).await;
        let formed = before.is_ok_and(|nodes| nodes.iter().all(|node| node.state == MemberState::Voter));
        let mut create = cluster.create().on_step(|step| session.terminal.tell(step));
        if let Some(id) = &self.cluster_id {
            create = create.cluster_id(id.clone());
        }
        if self.dry.dry_run {
            create.check().await?;
            let cluster_id = self.cluster_id.map(|id| id.to_string());
            let object = cluster_id.as_ref().map_or_else(|| "cluster".to_owned(), |id| format!("cluster/{id}"));
            let endpoints = endpoints.iter().map(ToString::to_string).collect();
            return session.show_dry_run(object, "created", !formed, PlanDocument { cluster_id, endpoints });
        }
        let configuration = create.await?;
        session.show_change(name(&configuration), "created", !formed, ConfigurationDocument::from(&configuration))
    }
}
