//! `silhouettectl report`: one document about a cluster, to be kept or passed on.
//!
//! It is made for the worst moment: every node is asked by itself, none has to be well, and what one cannot tell is
//! named. It cannot show a published key or value, because none of its types can hold one; see [`document`].

mod document;

use std::path::PathBuf;

use clap::Args;
use futures::future::join;

use self::document::{Names, Report as Document};
use super::cluster::view::ConfigurationDocument;
use crate::{exit::Exit, failure::Failure, output::Format, session::Session, terminal};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  silhouettectl report > report.yaml
  silhouettectl report --to report.json -o json
  silhouettectl report --redact-names --to report.yaml",
    after_help = "\
The report holds, of every node that answers: versions, effective configuration, state, checks, the members as it knows
them, the membership changes in its log, its rounds, and its metrics; and what was found to be wrong. Nodes that do not
answer are named. It holds no published key, no value, no query and no name of a worker. Names of rounds, nodes and
hosts are in it; --redact-names leaves those of rounds out."
)]
pub(crate) struct Report {
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Leave out names of rounds, and sentences that may hold one
    #[arg(long)]
    redact_names: bool,
}

impl Report {
    /// Asks every endpoint, and every member that they name, and writes the report whatever they answer.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        session.refuse_names("a report is no list of objects")?;
        let cluster = session.client()?.cluster();
        let (nodes, configuration) = join(cluster.all_diagnostics(), cluster.present_members()).await;
        let reached = nodes.iter().any(|(_, diagnostics)| diagnostics.is_ok());
        let configuration = configuration.as_ref().map(ConfigurationDocument::from);
        let names = if self.redact_names { Names::Redacted } else { Names::Kept };
        let text =
            Document::new(nodes, configuration.as_ref(), names).render(session.globals.output == Format::Json)?;
        match &self.to {
            Some(path) => {
                tokio::fs::write(path, text).await?;
                session.terminal.tell(format!("the report is in {}", path.display()));
            }
            None => terminal::print(&text)?,
        }
        Ok(if reached { Exit::Done } else { Exit::Unreachable })
    }
}
