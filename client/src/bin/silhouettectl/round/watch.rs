//! `silhouettectl round watch`: a picture on a terminal, else a line or document a change.

mod live;

use std::{pin::pin, time::Duration};

use clap::Args;
use serde::Serialize;
use silhouette_client::{Phase, Revision, RoundChange};
use tokio::time::{Instant, interval};

use self::live::{Frame, Screen};
use super::view::{RoundDocument, RoundRow};
use crate::{
    exit::Exit,
    failure::Failure,
    output::{Format, View},
    session::Session,
};

/// How often a picture is drawn although nothing has changed: its ages are in seconds.
const REDRAW: Duration = Duration::from_secs(1);

/// Columns of a table that grows line by line: they cannot follow what comes later.
const WIDTHS: [u16; 4] = [16, 7, 7, 8];

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round watch levels-1
  silhouettectl round watch levels-1 --until-gone
  silhouettectl round watch levels-1 -o json | jq --unbuffered .round.phase")]
pub(crate) struct Watch {
    /// The round
    id: String,
    /// Go on after this revision, as a document of an earlier watch gave it
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    after: u64,
    /// Go on after the round is Ready, Failed or Expired, until it is gone
    #[arg(long)]
    until_gone: bool,
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
        let watch = client.watch_after(round.uid, Revision::new(self.after));
        let people = matches!(session.globals.output, Format::Table | Format::Wide);
        if people && session.terminal.draws() {
            self.draw(watch).await?;
        } else {
            self.list(watch, session).await?;
        }
        Ok(Exit::Done)
    }

    /// Whether nothing is waited for after this change.
    fn ends_with(&self, change: &RoundChange) -> bool {
        let is_done = matches!(change.round.phase, Phase::Ready | Phase::Failed | Phase::Expired);
        change.deleted || is_done && !self.until_gone
    }

    /// A line or document a change.
    async fn list(&self, mut watch: silhouette_client::Watch, session: &Session) -> Result<(), Failure> {
        let mut first = true;
        while let Some(change) = watch.next().await? {
            session.show_one_of_many(&ChangeDocument::new(&change, first))?;
            if self.ends_with(&change) {
                break;
            }
            first = false;
        }
        Ok(())
    }

    /// One picture, drawn over itself.
    async fn draw(&self, mut watch: silhouette_client::Watch) -> Result<(), Failure> {
        let mut screen = Screen::new();
        let mut shown: Option<(Frame, Instant)> = None;
        let mut clock = interval(REDRAW);
        loop {
            let mut next = pin!(watch.next());
            let change = loop {
                tokio::select! {
                    change = &mut next => break change?,
                    _ = clock.tick() => {
                        if let Some((frame, since)) = &shown {
                            screen.draw(frame, since.elapsed())?;
                        }
                    }
                }
            };
            let Some(change) = change else { return Ok(()) };
            let last = self.ends_with(&change);
            let frame = Frame::new(&change, last);
            screen.draw(&frame, Duration::ZERO)?;
            if last {
                return Ok(());
            }
            shown = Some((frame, Instant::now()));
        }
    }
}
