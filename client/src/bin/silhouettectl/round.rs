//! `silhouettectl round`: what workers and clients do.

mod delete;
mod describe;
mod get;
mod list;
mod publish;
mod seal;
mod start;
pub(crate) mod view;
mod wait;
mod watch;

use clap::Subcommand;

use crate::{exit::Exit, failure::Failure, session::Session};

/// A command about rounds.
#[derive(Debug, Subcommand)]
#[command(before_help = "\
Examples:
  silhouettectl round start levels-1 --workers 2
  silhouettectl round publish levels-1 --worker w0 --from levels.tsv
  silhouettectl round wait levels-1
  silhouettectl round get levels-1 vertex-17")]
pub(crate) enum RoundCommand {
    /// Start a round
    Start(start::Start),
    /// Publish one worker's keys and values
    Publish(publish::Publish),
    /// Close a round at once, with the publications that are there
    Seal(seal::Seal),
    /// Wait until a round is Ready
    Wait(wait::Wait),
    /// Follow a round through its changes until it is Ready, Failed or Expired
    Watch(watch::Watch),
    /// Show all about a round
    Describe(describe::Describe),
    /// List the rounds
    #[command(visible_alias = "ls")]
    List(list::List),
    /// Delete a round in any phase, and destroy what was published
    #[command(visible_alias = "rm")]
    Delete(delete::Delete),
    /// Look up values without showing which
    Get(get::Get),
}

impl RoundCommand {
    /// Does it.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        match self {
            Self::Start(command) => command.run(session).await,
            Self::Publish(command) => command.run(session).await,
            Self::Seal(command) => command.run(session).await,
            Self::Wait(command) => command.run(session).await,
            Self::Watch(command) => command.run(session).await,
            Self::Describe(command) => command.run(session).await,
            Self::List(command) => command.run(session).await,
            Self::Delete(command) => command.run(session).await,
            Self::Get(command) => command.run(session).await,
        }
    }
}
