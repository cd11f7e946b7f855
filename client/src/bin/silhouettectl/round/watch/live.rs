//! A round on a terminal: drawn over itself at each change, and each second for its ages.

use std::time::Duration;

use console::{Term, truncate_str};
use silhouette_client::{Phase, Round, RoundChange};

use crate::{
    failure::Failure,
    output::{Fields, Table, age, printable},
    round::view::{encoding, plaintext},
};

/// Cells of the bar that shows how many workers have published.
const BAR_CELLS: usize = 30;

/// What is drawn of a round.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    id: String,
    phase: String,
    failure: Option<String>,
    published: u32,
    expected: u32,
    uploading: usize,
    members: Vec<(u64, &'static str, &'static str)>,
    /// Cluster time since it was started.
    age: Duration,
    /// Cluster time since it came to its phase.
    since: Duration,
    /// Whether its ages still grow: its watch goes on.
    grows: bool,
}

impl Frame {
    /// The round after a change; `last` if the watch ends with it.
    pub(super) fn new(change: &RoundChange, last: bool) -> Self {
        let round = &change.round;
        let members = round.members.iter();
        let members = members.map(|of| (of.member.get(), encoding(of.encoding), plaintext(of.plaintext)));
        Self {
            id: round.id.clone(),
            phase: if change.deleted { "Deleted".to_owned() } else { round.phase.to_string() },
            failure: round.failure.clone(),
            published: round.workers_published,
            expected: round.workers_expected,
            uploading: round.workers.iter().filter(|worker| !worker.published).count(),
            members: members.collect(),
            age: round.age(),
            since: round.cluster_time.saturating_sub(begun(round)),
            grows: !last,
        }
    }

    /// What is drawn so long after the change.
    fn text(&self, later: Duration) -> String {
        let later = if self.grows { later } else { Duration::ZERO };
        let mut fields = Fields::default();
        fields.add("Round", &self.id);
        fields.add("Phase", &format!("{}, for {}", self.phase, age(self.since + later)));
        if let Some(failure) = &self.failure {
            fields.add("Failure", &printable(failure));
        }
        fields
            .add("Published", &format!("{} {}/{}", bar(self.published, self.expected), self.published, self.expected));
        fields.add("Uploading", &self.uploading);
        fields.add("Age", &age(self.age + later));
        if !self.members.is_empty() {
            let encoded = self.members.iter().filter(|(_, encoding, _)| *encoding == "encoded").count();
            fields.add("Encoded", &format!("by {} of {} members", encoded, self.members.len()));
            let mut table = Table::new(["MEMBER", "ENCODING"], None, "PLAINTEXT");
            for (member, encoding, plaintext) in &self.members {
                table.row([member.to_string().as_str(), encoding], None, plaintext);
            }
            fields.indent(&table.render());
        }
        fields.into_text()
    }
}

/// Cluster time at which the round came to its phase, as far as it is told.
fn begun(round: &Round) -> Duration {
    let begun = match round.phase {
        Phase::Sealed => round.sealed,
        Phase::Ready => round.ready,
        _ => None,
    };
    begun.unwrap_or(round.started)
}

/// How many of all, as a bar.
fn bar(done: u32, all: u32) -> String {
    let filled = (BAR_CELLS as u64 * u64::from(done.min(all))).checked_div(u64::from(all)).unwrap_or(0) as usize;
    format!("[{}{}]", "=".repeat(filled), " ".repeat(BAR_CELLS - filled))
}

/// The terminal, and what is drawn on it.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: Term,
    lines: usize,
}

impl Screen {
    /// Standard output, which must be a terminal.
    pub(super) fn new() -> Self {
        Self { terminal: Term::buffered_stdout(), lines: 0 }
    }

    /// Draws a frame over the last one.
    pub(super) fn draw(&mut self, frame: &Frame, later: Duration) -> Result<(), Failure> {
        // A line that wraps would not be cleared.
        let width = usize::from(self.terminal.size().1).saturating_sub(1);
        self.terminal.clear_last_lines(self.lines)?;
        let text = frame.text(later);
        for line in text.lines() {
            self.terminal.write_line(&truncate_str(line, width, ""))?;
        }
        self.lines = text.lines().count();
        Ok(self.terminal.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            id: "levels-1".to_owned(),
            phase: "Sealed".to_owned(),
            failure: None,
            published: 2,
            expected: 3,
            uploading: 1,
            members: vec![(1, "encoded", "held"), (2, "pending", "held")],
            age: Duration::from_secs(65),
            since: Duration::from_secs(5),
            grows: true,
        }
    }

    #[test]
    fn a_frame_shows_phase_publications_encoding_and_ages() {
        let expected = "\
Round:              levels-1
Phase:              Sealed, for 7s
Published:          [====================          ] 2/3
Uploading:          1
Age:                67s
Encoded:            by 1 of 2 members
  MEMBER   ENCODING   PLAINTEXT
  1        encoded    held
  2        pending    held
";
        assert_eq!(frame().text(Duration::from_secs(2)), expected);
    }

    #[test]
    fn the_ages_of_a_round_that_is_done_stand_still() {
        let text = Frame { grows: false, ..frame() }.text(Duration::from_secs(100));
        assert!(text.contains("for 5s") && text.contains("65s"), "{text}");
    }

    #[test]
    fn a_failure_is_shown_and_cannot_command_the_terminal() {
        let failed = Frame { failure: Some("no \u{1b}[2J agreement".to_owned()), ..frame() };
        assert!(failed.text(Duration::ZERO).contains("no \\u{1b}[2J agreement"));
    }

    #[test]
    fn a_bar_of_nobody_is_empty() {
        assert_eq!(bar(0, 0), format!("[{}]", " ".repeat(30)));
        assert_eq!(bar(9, 3), format!("[{}]", "=".repeat(30)));
    }
}
