//! Progress of long commands, drawn on standard error where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use silhouette_client::Progress;

use crate::terminal::Terminal;

/// How often a bar moves although nothing has changed, so that one sees that it lives.
const TICK: Duration = Duration::from_millis(100);

/// A bar that vanishes when the command is done.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar of bytes.
    pub(crate) fn of_bytes(terminal: Terminal, what: &'static str) -> Self {
        Self::new(terminal, "{msg} [{bar:30}] {binary_bytes}/{binary_total_bytes} {eta}", what)
    }

    /// A line without an end that is known.
    pub(crate) fn of_waiting(terminal: Terminal) -> Self {
        Self::new(terminal, "{spinner} {elapsed} {msg}", "waiting")
    }

    fn new(terminal: Terminal, template: &str, what: &'static str) -> Self {
        if !terminal.shows_progress() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_message(what);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Moves a bar of bytes.
    pub(crate) fn advance(&self, progress: Progress) {
        self.0.set_length(progress.total);
        self.0.set_position(progress.done);
    }

    /// Says what is waited for.
    pub(crate) fn say(&self, what: String) {
        self.0.set_message(what);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
