//! `silhouettectl cluster remove`.

use clap::Args;
use silhouette_client::MemberId;

use super::view::{ConfigurationDocument, member_name};
use crate::{exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster remove 4 5
  silhouettectl cluster remove 4 5 --yes")]
pub(crate) struct Remove {
    /// Members, by number, removed together
    #[arg(value_name = "ID", required = true)]
    members: Vec<MemberId>,
}

impl Remove {
    /// Removes the members. Their numbers are never used again.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let cluster = session.client()?.cluster();
        let before = cluster.members().await?;
        let names: Vec<_> = self.members.iter().copied().map(member_name).collect();
        let names = names.join(",");
        let consequence = "their nodes have to be emptied before they join a cluster again";
        session.confirm(&format!("removing {names} from cluster {}", before.cluster), consequence).await?;
        let configuration = cluster.remove(self.members.clone()).await?;
        let changed = self.members.iter().any(|member| before.member(*member).is_some());
        session.show_change(names, "removed", changed, ConfigurationDocument::from(&configuration))
    }
}
