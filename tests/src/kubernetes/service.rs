//! One process of the control plane, with its log.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::programs::program;
use crate::harness::process::Process;

/// Lines of a log that a failure shows.
const SHOWN_LINES: usize = 15;

/// A running program of Kubernetes; killed when dropped.
#[derive(Debug)]
pub(super) struct Service {
    name: &'static str,
    process: Process,
    log: PathBuf,
}

impl Service {
    /// Runs the program `name` in `folder`, with what it says in `<name>.log` there.
    pub(super) fn start(name: &'static str, folder: &Path, arguments: &[String]) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let mut command = Command::new(program(name)?);
        command.args(arguments).current_dir(folder);
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Ok(Self { name, process: Process::spawn(&mut command)?, log })
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// An error if it has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.process.status()? {
            Some(status) => bail!("{} has ended with {status}; {}", self.name, self.last_words()),
            None => Ok(()),
        }
    }

    /// How its log ends, for people.
    pub(super) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
        format!("the log of {} ends so:\n{shown}", self.name)
    }
}
