//! `silhouettectl cluster remove`.

use clap::Args;
use silhouette_client::{Configuration, MemberId};

use super::view::{ConfigurationDocument, member_name};
use crate::{dry_run::DryRun, exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster remove 4 5
  silhouettectl cluster remove 4 5 --yes
  silhouettectl cluster remove 4 5 --dry-run")]
pub(crate) struct Remove {
    /// Members, by number, removed together
    #[arg(value_name = "ID", required = true)]
    members: Vec<MemberId>,
    #[command(flatten)]
    dry: DryRun,
}

impl Remove {
    /// Removes the members. Their numbers are never used again.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let cluster = session.client()?.cluster();
        let before = cluster.members().await?;
        let names: Vec<_> = self.members.iter().copied().map(member_name).collect();
        let names = names.join(",");
        let changed = self.members.iter().any(|member| before.member(*member).is_some());
        if self.dry.dry_run {
            self.check(&before)?;
            return session.show_dry_run(names, "removed", changed, ConfigurationDocument::from(&before));
        }
        let consequence = "their nodes have to be emptied before they join a cluster again";
        session.confirm(&format!("removing {names} from cluster {}", before.cluster), consequence).await?;
        let configuration = cluster.remove(self.members.clone()).await?;
        session.show_change(names, "removed", changed, ConfigurationDocument::from(&configuration))
    }
    /// What the cluster is sure to refuse. Whether a live quorum and every Ready round would be left, it alone can
    /// tell.
    fn check(&self, present: &Configuration) -> Result<(), Failure> {
        match present.voters().filter(|voter| !self.members.contains(&voter.id)).count() {
            0 => Err(Failure::WouldBeRefused("no voter would be left".to_owned())),
            2 if self.members.iter().any(|member| present.member(*member).is_some()) => {
                let why = "two voters would be left, which tolerate fewer failures than one";
                Err(Failure::WouldBeRefused(why.to_owned()))
            }
            _ => Ok(()),
        }
    }
}
