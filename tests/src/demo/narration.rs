//! Telling what happens when it happens.

use std::{
    io::{self, Write as _},
    time::Instant,
};

/// Prints sentences, each with the seconds since the beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Narration {
    begun: Instant,
}

impl Narration {
    /// The clock starts.
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    /// Something has happened.
    pub(super) fn say(self, sentence: &str) {
        print(&format!("[{:6.2} s] {sentence}", self.begun.elapsed().as_secs_f64()));
    }

    /// A new part begins.
    pub(super) fn title(title: &str) {
        print(&format!("\n{title}"));
    }

    /// Something of several lines.
    pub(super) fn show(text: &str) {
        print(&format!("\n{text}\n"));
    }
}

fn print(text: &str) {
    // Nobody may be reading any more (`| head`); that is no reason to stop.
    let _ = writeln!(io::stdout().lock(), "{text}");
}
