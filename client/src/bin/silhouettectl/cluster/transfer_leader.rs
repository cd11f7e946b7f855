//! `silhouettectl cluster transfer-leader`.

use clap::Args;
use serde::Serialize;
use silhouette_client::MemberId;

use super::view::member_name;
use crate::{exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster transfer-leader
  silhouettectl cluster transfer-leader 3")]
pub(crate) struct TransferLeader {
    /// The voter that shall lead [default: the most advanced one]
    #[arg(value_name = "ID")]
    to: Option<MemberId>,
}

/// Who leads, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LeaderDocument {
    leader_id: u64,
}

impl TransferLeader {
    /// Hands leadership over and waits until the other leads.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let cluster = session.client()?.cluster();
        let before = cluster.members().await?.leader;
        let leader = cluster.transfer_leader(self.to).await?;
        let document = LeaderDocument { leader_id: leader.get() };
        session.show_change(member_name(leader), "leads", before != Some(leader), document)
    }
}
