//! `silhouettectl cluster transfer-leader`.

use clap::Args;
use serde::Serialize;
use silhouette_client::{Configuration, MemberId};

use super::view::{member_name, name};
use crate::{dry_run::DryRun, exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster transfer-leader
  silhouettectl cluster transfer-leader 3
  silhouettectl cluster transfer-leader 3 --dry-run")]
pub(crate) struct TransferLeader {
    /// The voter that shall lead [default: the most advanced one]
    #[arg(value_name = "ID")]
    to: Option<MemberId>,
    #[command(flatten)]
    dry: DryRun,
}

/// Who leads, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LeaderDocument {
    /// In a dry run, null if the cluster would choose.
    leader_id: Option<u64>,
}

impl TransferLeader {
    /// Hands leadership over and waits until the other leads.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let cluster = session.client()?.cluster();
        let present = cluster.members().await?;
        if self.dry.dry_run {
            return self.show_dry_run(session, &present);
        }
        let before = present.leader;
        let leader = cluster.transfer_leader(self.to).await?;
        let document = LeaderDocument { leader_id: Some(leader.get()) };
        session.show_change(member_name(leader), "leads", before != Some(leader), document)
    }
    fn show_dry_run(&self, session: &Session, present: &Configuration) -> Result<Exit, Failure> {
        let voters = || present.voters().map(|voter| voter.id);
        let document = LeaderDocument { leader_id: self.to.map(MemberId::get) };
        match self.to {
            Some(to) if !voters().any(|voter| voter == to) => {
                Err(Failure::WouldBeRefused(format!("member {to} does not vote in cluster {}", present.cluster)))
            }
            Some(to) => session.show_dry_run(member_name(to), "leads", present.leader != Some(to), document),
            None if voters().count() < 2 => Err(Failure::WouldBeRefused("there is no other voter".to_owned())),
            None => session.show_dry_run(name(present), "led by another voter", true, document),
        }
    }
}
