//! `silhouettectl cluster`: what administrators do.

mod add;
mod create;
mod members;
mod remove;
pub(crate) mod status;
mod transfer_leader;
pub(crate) mod view;

use clap::Subcommand;

use crate::{exit::Exit, failure::Failure, session::Session};

/// A command about the cluster.
#[derive(Debug, Subcommand)]
#[command(before_help = "\
Examples:
  silhouettectl cluster create --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613
  silhouettectl cluster status
  silhouettectl cluster add 127.0.0.1:7614 --replaces 2")]
pub(crate) enum ClusterCommand {
    /// Form a cluster of the endpoints: 1, 3 or 5 nodes that belong to none
    Create(create::Create),
    /// Show how every node is
    Status(status::Status),
    /// List the members
    Members(members::Members),
    /// Add nodes as voters, or replace a member by a node
    Add(add::Add),
    /// Remove members
    #[command(visible_alias = "rm")]
    Remove(remove::Remove),
    /// Hand leadership to another voter
    TransferLeader(transfer_leader::TransferLeader),
}

impl ClusterCommand {
    /// Does it.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        match self {
            Self::Create(command) => command.run(session).await,
            Self::Status(command) => command.run(session).await,
            Self::Members(command) => command.run(session).await,
            Self::Add(command) => command.run(session).await,
            Self::Remove(command) => command.run(session).await,
            Self::TransferLeader(command) => command.run(session).await,
        }
    }
}
