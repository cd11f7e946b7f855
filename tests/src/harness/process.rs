//! A child process that is signalled by its id and never outlives its owner.

use std::{
    process::{Child, Command, ExitStatus},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::waiting::within;

/// A running process; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Runs `command`.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
        Ok(Self { child })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: it ends between two instructions, whatever it was doing.
    pub fn kill(mut self) -> Result<()> {
        self.end()
    }

    /// SIGSTOP: it stands still, with its connections open.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// SIGCONT: it goes on.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// SIGTERM: it is asked to end.
    pub fn terminate(&self) -> Result<()> {
        self.signal(Signal::SIGTERM)
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("cannot ask after a child process")
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self, patience: Duration) -> Result<ExitStatus> {
        within(patience, "the process ends", async || self.status()?.context("it still runs")).await
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.id()).context("a process id is too large")?;
        ensure!(id > 0, "a process id is positive");
        kill(Pid::from_raw(id), signal).with_context(|| format!("cannot send {signal} to process {id}"))
    }

    fn end(&mut self) -> Result<()> {
        // Through the child's handle: it knows when the id was reaped and may belong to somebody else.
        self.child.kill().context("cannot kill a child process")?;
        self.child.wait().context("cannot reap a child process")?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; there is nobody to tell.
        let _ = self.end();
    }
}
