//! `silhouettectl cluster create`.

use clap::Args;
use futures::future::try_join_all;
use silhouette_client::{ClusterId, MemberState};

use super::view::{ConfigurationDocument, name};
use crate::{exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster create --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613
  silhouettectl cluster create --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613 --cluster-id blue")]
pub(crate) struct Create {
    /// Lower-case letters, digits and `-`; at most 64. Again the same id finishes what was interrupted
    /// [default: random]
    #[arg(long, value_name = "ID")]
    cluster_id: Option<ClusterId>,
}

impl Create {
    /// Forms the cluster. It asks every endpoint first and changes nothing if one belongs to a cluster.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let cluster = session.client()?.cluster();
        let endpoints = cluster.endpoints();
        let before = try_join_all(endpoints.iter().map(|endpoint| cluster.identity(endpoint))).await;
        let formed = before.is_ok_and(|nodes| nodes.iter().all(|node| node.state == MemberState::Voter));
        let mut create = cluster.create().on_step(|step| session.terminal.tell(step));
        if let Some(id) = self.cluster_id {
            create = create.cluster_id(id);
        }
        let configuration = create.await?;
        session.show_change(name(&configuration), "created", !formed, ConfigurationDocument::from(&configuration))
    }
}
