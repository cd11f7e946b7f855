//! `silhouettectl round delete`.

use clap::Args;
use serde::Serialize;

use super::view::{RoundDocument, name};
use crate::{dry_run::DryRun, exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round delete levels-1
  silhouettectl round delete levels-1 --yes
  silhouettectl round delete levels-1 --dry-run")]
pub(crate) struct Delete {
    /// The round. Nobody can start one of this id for 24 hours
    id: String,
    #[command(flatten)]
    dry: DryRun,
}

/// What is left of a round, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeletedDocument {
    round_id: String,
    round_uid: String,
    deleted: bool,
}

impl Delete {
    /// Deletes the round that has the id now.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let client = session.client()?;
        let round = client.get_round(self.id.as_str()).await?;
        if self.dry.dry_run {
            return session.show_dry_run(name(&round), "deleted", true, RoundDocument::from(&round));
        }
        let consequence = format!("it is {} and what was published is destroyed for good", round.phase);
        session.confirm(&format!("deleting round {}", round.id), &consequence).await?;
        client.delete_round(round.uid).await?;
        let object = name(&round);
        let document = DeletedDocument { round_id: round.id, round_uid: round.uid.to_string(), deleted: true };
        session.show_change(object, "deleted", true, document)
    }
}
