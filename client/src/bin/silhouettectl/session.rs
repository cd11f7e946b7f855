//! What every command is given: the client, the way to show things, and what the flags ask for.

use serde::Serialize;
use silhouette_client::{Client, ClientBuilder};

use crate::{
    arguments::Globals,
    exit::Exit,
    failure::Failure,
    output::{Change, Format, View},
    terminal::{self, Terminal},
};

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Session {
    /// The flags.
    pub(crate) globals: Globals,
    /// The streams.
    pub(crate) terminal: Terminal,
}

impl Session {
    /// A session of these flags.
    pub(crate) fn new(globals: Globals) -> Self {
        let terminal = Terminal::detect(globals.color, globals.quiet, globals.no_input);
        Self { globals, terminal }
    }

    /// A client of the endpoints.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(self.builder().build()?)
    }

    fn builder(&self) -> ClientBuilder {
        let builder = Client::builder().endpoints(&self.globals.endpoints);
        match self.globals.timeout {
            Some(timeout) => builder.timeout(timeout),
            None => builder,
        }
    }

    /// Refuses `--output name`, before anything is done, where there are no names to show.
    pub(crate) fn refuse_names(&self, why: &str) -> Result<(), Failure> {
        match self.globals.output {
            Format::Name => Err(Failure::Usage(format!("{why}: --output name has nothing to show"))),
            Format::Table | Format::Wide | Format::Json | Format::Yaml => Ok(()),
        }
    }

    /// Shows what was asked for.
    pub(crate) fn show(&self, view: &impl View) -> Result<(), Failure> {
        let rendered = self.globals.output.render(view)?;
        if self.globals.output.is_document() {
            terminal::print(&rendered)
        } else {
            self.terminal.print_styled(&rendered)
        }
    }

    /// Shows one of many things that follow each other.
    pub(crate) fn show_one_of_many(&self, view: &impl View) -> Result<(), Failure> {
        terminal::print(&self.globals.output.render_one_of_many(view)?)
    }

    /// Shows what was changed, or that nothing had to be, and how the process ends then.
    pub(crate) fn show_change<D: Serialize>(
        &self,
        object: impl Into<String>,
        happened: &str,
        changed: bool,
        document: D,
    ) -> Result<Exit, Failure> {
        if self.globals.output.is_document() || !self.terminal.is_quiet() {
            self.show(&Change::new(object, if changed { happened } else { "unchanged" }, document))?;
        }
        Ok(self.exit_after(changed))
    }

    /// How the process ends after a change that had to be made, or had not.
    fn exit_after(&self, changed: bool) -> Exit {
        if !changed && self.globals.error_unchanged { Exit::Unchanged } else { Exit::Done }
    }

    /// Shows what would be changed, or that nothing would have to be.
    pub(crate) fn show_dry_run<D: Serialize>(
        &self,
        object: impl Into<String>,
        happened: &str,
        changed: bool,
        document: D,
    ) -> Result<Exit, Failure> {
        let happened = if changed { happened } else { "unchanged" };
        self.show_change(object, &format!("{happened} (dry run)"), true, document)?;
        Ok(self.exit_after(changed))
    }

    /// Asks before something is removed, unless `--yes` has answered.
    pub(crate) async fn confirm(&self, action: &str, consequence: &str) -> Result<(), Failure> {
        if self.globals.yes { Ok(()) } else { self.terminal.confirm(action, consequence).await }
    }
}
