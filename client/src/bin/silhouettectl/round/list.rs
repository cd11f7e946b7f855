//! `silhouettectl round list`.

use clap::Args;
use serde::Serialize;
use silhouette_client::Round;

use super::view::{RoundDocument, RoundRow};
use crate::{exit::Exit, failure::Failure, output::View, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round list
  silhouettectl round list -o name
  silhouettectl round list -o json | jq '.[] | select(.phase == \"Ready\").roundId'")]
pub(crate) struct List {}

/// All rounds, in the order in which they were started.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Rounds {
    documents: Vec<RoundDocument>,
    #[serde(skip)]
    rows: Vec<RoundRow>,
}

impl Rounds {
    fn new(rounds: &[Round]) -> Self {
        let documents = rounds.iter().map(RoundDocument::from).collect();
        Self { documents, rows: rounds.iter().map(RoundRow::from).collect() }
    }
}

impl View for Rounds {
    fn table(&self, wide: bool) -> String {
        let mut table = RoundRow::table(wide);
        self.rows.iter().for_each(|row| row.add_to(&mut table, wide));
        table.render()
    }

    fn names(&self) -> Option<Vec<String>> {
        Some(self.rows.iter().map(|row| format!("round/{}", row.id)).collect())
    }
}

impl List {
    /// Lists the rounds.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let rounds = session.client()?.list_rounds().await?;
        session.show(&Rounds::new(&rounds))?;
        Ok(Exit::Done)
    }
}
