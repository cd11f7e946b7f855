//! The two streams that people read, and the one that they answer on.
//!
//! Data goes to standard output and everything else to standard error. Neither is written with `println!`, which
//! panics when the reader has gone.

use std::{
    fmt,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
};

use anstream::{AutoStream, ColorChoice, stream::RawStream};
use anstyle::{AnsiColor, Style};

use crate::{failure::Failure, input::from_standard_input};

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` or `TERM=dumb` says no.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn choice(self, stream: &impl RawStream) -> ColorChoice {
        match self {
            Self::Auto => AutoStream::choice(stream),
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}

/// How to talk to whoever started the command.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of a stream by itself")]
pub(crate) struct Terminal {
    color: Color,
    quiet: bool,
    asks: bool,
    shows_progress: bool,
    draws: bool,
}

impl Terminal {
    /// Finds out what the streams are.
    pub(crate) fn detect(color: Color, quiet: bool, no_input: bool) -> Self {
        let on_terminal = io::stderr().is_terminal();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            color,
            quiet,
            asks: on_terminal && io::stdin().is_terminal() && !no_input,
            shows_progress: on_terminal && !dumb && !quiet,
            draws: io::stdout().is_terminal() && !dumb,
        }
    }

    /// Whether confirmations and progress are to be left out.
    pub(crate) const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether standard error is somewhere a bar can be drawn.
    pub(crate) const fn shows_progress(self) -> bool {
        self.shows_progress
    }

    /// Whether standard output is somewhere a picture can be drawn over itself.
    pub(crate) const fn draws(self) -> bool {
        self.draws
    }

    /// Says what is going on.
    pub(crate) fn tell(self, step: impl fmt::Display) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{step}");
        }
    }

    /// Says why the command fails. Whoever has closed standard error does not want to know.
    pub(crate) fn report(self, sentence: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color.choice(&io::stderr()));
        let _ = writeln!(stderr, "{ERROR}error:{ERROR:#} {sentence}");
    }

    /// Writes data for people, whose colours are left out where they are not wanted.
    pub(crate) fn print_styled(self, data: &str) -> Result<(), Failure> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color.choice(&io::stdout()));
        stdout.write_all(data.as_bytes())?;
        Ok(stdout.flush()?)
    }

    /// Asks whether to go on. `action` names what would happen, as in "deleting round r1".
    pub(crate) async fn confirm(self, action: &str, consequence: &str) -> Result<(), Failure> {
        if !self.asks {
            return Err(Failure::NobodyToAsk(action.to_owned()));
        }
        {
            let mut stderr = io::stderr().lock();
            write!(stderr, "{action}: {consequence}. Go on? [y/N] ")?;
            stderr.flush()?;
        }
        let answer = from_standard_input(|stdin| {
            let mut answer = String::new();
            stdin.read_line(&mut answer).map(|_| answer)
        });
        let answer = answer.await?;
        if is_yes(&answer) { Ok(()) } else { Err(Failure::NotConfirmed) }
    }
}

/// Writes data.
pub(crate) fn print(data: &str) -> Result<(), Failure> {
    print_bytes(data.as_bytes())
}

/// Writes data that need not be text.
pub(crate) fn print_bytes(data: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(data)?;
    Ok(stdout.flush()?)
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim();
    answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Y", " yes \r\n", "YES"].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yeah", "ye"].into_iter().any(is_yes));
    }

    #[tokio::test]
    async fn without_a_terminal_nothing_is_confirmed() {
        let terminal = Terminal { color: Color::Never, quiet: false, asks: false, shows_progress: false, draws: false };
        let answer = terminal.confirm("deleting round r1", "its values are gone for good").await;
        assert!(matches!(answer, Err(Failure::NobodyToAsk(action)) if action == "deleting round r1"));
    }
}
