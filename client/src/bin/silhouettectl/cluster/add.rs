//! `silhouettectl cluster add`.

use clap::Args;
use futures::future::try_join_all;
use silhouette_client::{Address, Configuration, MemberId, MemberState};

use super::view::{ConfigurationDocument, name};
use crate::{dry_run::DryRun, exit::Exit, failure::Failure, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster add 127.0.0.1:7614 127.0.0.1:7615
  silhouettectl cluster add 127.0.0.1:7614 --replaces 2
  silhouettectl cluster add 127.0.0.1:7614 --replaces 2 --dry-run")]
pub(crate) struct Add {
    /// Client addresses of nodes that belong to no cluster
    #[arg(value_name = "ENDPOINT", required = true)]
    nodes: Vec<Address>,
    /// The member whose place the one node takes; it is removed in the same change
    #[arg(long, value_name = "ID")]
    replaces: Option<MemberId>,
    #[command(flatten)]
    dry: DryRun,
}

impl Add {
    /// Adds the nodes, together, and waits until they vote.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        if self.replaces.is_some() && self.nodes.len() > 1 {
            return Err(Failure::Usage("--replaces takes one node, not several".to_owned()));
        }
        let cluster = session.client()?.cluster();
        let before = try_join_all(self.nodes.iter().map(|node| cluster.identity(node))).await;
        let voted = before.is_ok_and(|nodes| nodes.iter().all(|node| node.state == MemberState::Voter));
        let mut add = cluster.add(self.nodes.clone()).on_step(|step| session.terminal.tell(step));
        if let Some(member) = self.replaces {
            add = add.replaces(member);
        }
        let nodes: Vec<_> = self.nodes.iter().map(ToString::to_string).collect();
        let happened = format!("has the voter {}", nodes.join(","));
        if self.dry.dry_run {
            let configuration = add.check().await?;
            let document = ConfigurationDocument::from(&configuration);
            return session.show_dry_run(name(&configuration), &happened, !voted, document);
        }
        let configuration: Configuration = add.await?;
        session.show_change(name(&configuration), &happened, !voted, ConfigurationDocument::from(&configuration))
    }
}
