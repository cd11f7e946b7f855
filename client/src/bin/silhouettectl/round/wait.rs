//! `silhouettectl round wait`.

use clap::Args;
use silhouette_client::{Phase, Round};

use super::view::{RoundDocument, name};
use crate::{exit::Exit, failure::Failure, output::Change, progress::Bar, session::Session};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round wait levels-1
  silhouettectl round wait levels-1 --timeout 10m")]
pub(crate) struct Wait {
    /// The round
    id: String,
}

impl Wait {
    /// Waits until the round can be read; `--timeout` ends the wait.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let client = session.client()?;
        let uid = client.get_round(self.id.as_str()).await?.uid;
        let bar = Bar::of_waiting(session.terminal);
        let mut wait = client.wait(uid).on_change(|round| bar.say(waited_for(round)));
        if let Some(patience) = session.globals.timeout {
            wait = wait.timeout(patience);
        }
        let round = wait.await?;
        drop(bar);
        if session.globals.output.is_document() || !session.terminal.is_quiet() {
            session.show(&Change::new(name(&round), "ready", RoundDocument::from(&round)))?;
        }
        Ok(Exit::Done)
    }
}

fn waited_for(round: &Round) -> String {
    match round.phase {
        Phase::Open => {
            format!(
                "{} is Open: {} of {} workers have published",
                round.id, round.workers_published, round.workers_expected
            )
        }
        Phase::Sealed => format!("{} is Sealed: the members encode", round.id),
        phase => format!("{} is {phase}", round.id),
    }
}
