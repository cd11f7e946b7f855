//! `silhouettectl man`: the manual pages, one a command, made from what `--help` shows.
//!
//! Hidden, as it is for whoever packages the program: `make man` calls it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

use crate::{arguments, exit::Exit, failure::Failure};

/// The heading that leads a command's examples in its help.
const EXAMPLES: &str = "Examples:\n";
/// The heading that leads the exit codes.
const EXIT_CODES: &str = "Exit codes:\n";

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl man --dir /usr/local/share/man/man1")]
pub(crate) struct ManualPages {
    /// Where the pages are written; made if it is missing
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl ManualPages {
    /// Writes a page for the program and for each command.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        fs::create_dir_all(&self.dir)?;
        let mut command = arguments::command().disable_help_subcommand(true);
        command.build();
        write(&command, &self.dir)?;
        Ok(Exit::Done)
    }
}

fn write(command: &Command, dir: &Path) -> io::Result<()> {
    let man = manual(command);
    fs::write(dir.join(man.get_filename()), page(command, &man)?)?;
    command.get_subcommands().filter(|command| !command.is_hide_set()).try_for_each(|command| write(command, dir))
}

fn manual(command: &Command) -> Man {
    let source = format!("{} {}", arguments::PROGRAM, env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).manual("Silhouette")
}

/// A page, examples before options: most people look for a line to adapt.
fn page(command: &Command, man: &Man) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    let examples = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    section("EXAMPLES", examples.strip_prefix(EXAMPLES).unwrap_or(&examples), &mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|command| !command.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    // What follows a help page, unless it is the exit codes, which every page has.
    let notes = command.get_after_help().map(ToString::to_string).filter(|notes| !notes.starts_with(EXIT_CODES));
    section("NOTES", &notes.unwrap_or_default(), &mut page)?;
    section("EXIT STATUS", Exit::HELP.strip_prefix(EXIT_CODES).unwrap_or(Exit::HELP), &mut page)?;
    Ok(page)
}

/// A section of lines that are shown as they are; none if there is no line.
fn section(heading: &str, lines: &str, page: &mut Vec<u8>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut roff = Roff::new();
    roff.control("SH", [heading]).control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.to_writer(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The built command of this path, such as `["round", "start"]`.
    fn find(path: &[&str]) -> Command {
        let mut command = arguments::command().disable_help_subcommand(true);
        command.build();
        path.iter().fold(command, |command, name| command.find_subcommand(name).expect("there is such").clone())
    }

    fn text(command: &Command) -> String {
        String::from_utf8(page(command, &manual(command)).expect("renders")).expect("text")
    }

    #[test]
    fn a_page_leads_from_examples_to_options_to_exit_codes() {
        let page = text(&find(&["round", "start"]));
        let parts =
            [".SH NAME", ".SH EXAMPLES", ".SH OPTIONS", ".SH \"OPTIONS OF EVERY COMMAND\"", ".SH \"EXIT STATUS\""];
        let places: Vec<_> = parts.iter().map(|part| page.find(part).expect(part)).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(page.contains("silhouettectl round start levels\\-1 \\-\\-workers 8"), "{page}");
        assert!(page.contains("124  timed out"), "{page}");
    }

    #[test]
    fn every_command_that_people_type_has_a_page() {
        let dir = std::env::temp_dir().join(format!("silhouettectl-man-{}", std::process::id()));
        ManualPages { dir: dir.clone() }.run().expect("written");
        let mut found: Vec<_> = fs::read_dir(&dir)
            .expect("a directory")
            .map(|file| file.expect("a file").file_name().into_string().expect("text"))
            .collect();
        fs::remove_dir_all(&dir).expect("removed");
        found.sort_unstable();
        for name in
            ["silhouettectl.1", "silhouettectl-round.1", "silhouettectl-round-get.1", "silhouettectl-completion.1"]
        {
            assert!(found.iter().any(|file| file == name), "{name} is missing: {found:?}");
        }
        assert!(!found.iter().any(|file| file.contains("-man")), "a hidden command has a page: {found:?}");
    }
}
