//! `silhouettectl round watch`.

use clap::Args;
use serde::Serialize;
use silhouette_client::{Revision, RoundChange};

use super::view::{RoundDocument, RoundRow};
use crate::{exit::Exit, failure::Failure, output::View, session::Session};

/// Columns of a table that grows line by line: they cannot follow what comes later.
const WIDTHS: [u16; 4] = [16, 7, 7, 8];

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round watch levels-1
  silhouettectl round watch levels-1 -o json | jq --unbuffered .round.phase")]
pub(crate) struct Watch {
    /// The round
    id: String,
    /// Go on after this revision, as a document of an earlier watch gave it
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    after: u64,
}

/// A change, in a document.
#[derive(Debug, Serialize)]
struct ChangeDocument {
    revision: u64,
    deleted: bool,
    round: RoundDocument,
    #[serde(skip)]
    row: RoundRow,
    #[serde(skip)]
    first: bool,
}

impl ChangeDocument {
    fn new(change: &RoundChange, first: bool) -> Self {
        let mut row = RoundRow::from(&change.round);
        if change.deleted {
            "Deleted".clone_into(&mut row.phase);
        }
        let (revision, round) = (change.revision.get(), RoundDocument::from(&change.round));
        Self { revision, deleted: change.deleted, round, row, first }
    }
}

impl View for ChangeDocument {
    fn table(&self, wide: bool) -> String {
        let mut table = RoundRow::table(wide).at_least(&WIDTHS);
        if !self.first {
            table = table.untitled();
        }
        self.row.add_to(&mut table, wide);
        table.render()
    }

    fn names(&self) -> Option<Vec<String>> {
        Some(vec![format!("round/{}", self.row.id)])
    }
}

impl Watch {
    /// Shows the round as it is, then after each change.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let client = session.client()?;
        let round = client.get_round(self.id.as_str()).await?;
        let mut watch = client.watch_after(round.uid, Revision::new(self.after));
        let mut first = true;
        while let Some(change) = watch.next().await? {
            session.show_one_of_many(&ChangeDocument::new(&change, first))?;
            first = false;
        }
        Ok(Exit::Done)
    }
}
