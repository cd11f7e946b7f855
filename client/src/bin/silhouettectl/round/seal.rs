//! `silhouettectl round seal`.

use clap::Args;
use silhouette_client::Phase;

use super::view::{RoundDocument, name};
use crate::{dry_run::DryRun, exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round seal levels-1
  silhouettectl round seal levels-1 && silhouettectl round wait levels-1
  silhouettectl round seal levels-1 --dry-run")]
pub(crate) struct Seal {
    /// The round
    id: String,
    #[command(flatten)]
    dry: DryRun,
}

impl Seal {
    /// Seals the round, or finds it sealed.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let client = session.client()?;
        let before = client.get_round(self.id.as_str()).await?;
        if self.dry.dry_run {
            if before.phase == Phase::Failed {
                return Err(Failure::WouldBeRefused(format!("round {} has failed", before.id)));
            }
            let document = RoundDocument::from(&before);
            return session.show_dry_run(name(&before), "sealed", before.phase == Phase::Open, document);
        }
        let round = client.seal_round(before.uid).await?;
        session.show_change(name(&round), "sealed", before.phase == Phase::Open, RoundDocument::from(&round))
    }
}
