//! `silhouettectl`, run as people run it.

use std::process::{Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use super::binaries::binary;

/// The command line aimed at some endpoints.
#[derive(Debug, Clone)]
pub struct Control {
    endpoints: Vec<String>,
}

/// What a command left behind.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Control {
    /// The command line aimed at these endpoints.
    pub fn new(endpoints: Vec<String>) -> Self {
        Self { endpoints }
    }

    /// Runs a command.
    pub async fn run(&self, arguments: &[&str]) -> Result<Outcome> {
        self.run_with_input(arguments, "").await
    }

    /// Runs a command with this standard input.
    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> Result<Outcome> {
        let mut command = tokio::process::Command::new(binary("silhouettectl")?);
        let mut child = without_preferences(&mut command)
            .args(["--endpoints", &self.endpoints.join(",")])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot run silhouettectl")?;
        // Whoever does not read its input may close it.
        let mut stdin = child.stdin.take().context("the child has a standard input")?;
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        Outcome::of(&child.wait_with_output().await.context("silhouettectl did not end")?)
    }

    /// Runs a command on a terminal, with these variables in its environment; what it writes to either stream is its
    /// standard output.
    pub async fn run_on_terminal(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Outcome> {
        let mut command = self.on_terminal(arguments)?;
        Outcome::of(&command.envs(environment.iter().copied()).output().await.context("cannot run script(1)")?)
    }

    /// A command on a terminal, not yet run: util-linux's `script` makes one.
    pub fn on_terminal(&self, arguments: &[&str]) -> Result<tokio::process::Command> {
        let program = binary("silhouettectl")?.display().to_string();
        let endpoints = self.endpoints.join(",");
        let words = [&[program.as_str(), "--endpoints", endpoints.as_str()], arguments].concat();
        let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let mut command = tokio::process::Command::new("script");
        without_preferences(&mut command)
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok(command)
    }

    /// Runs a command with `--output json`, and reads its one document.
    pub async fn json(&self, arguments: &[&str]) -> Result<Value> {
        self.run(&[&["--output", "json"], arguments].concat()).await?.document()
    }
}

/// Takes what whoever runs the tests prefers out of a command's environment. `CI` is one of it: continuous integration
/// shows colours on any terminal.
fn without_preferences(command: &mut tokio::process::Command) -> &mut tokio::process::Command {
    for variable in ["SILHOUETTECTL_ENDPOINTS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
    command
}

impl Outcome {
    fn of(output: &Output) -> Result<Self> {
        Ok(Self {
            code: output.status.code().context("silhouettectl was killed")?,
            stdout: String::from_utf8(output.stdout.clone()).context("its output is not text")?,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// An error unless the exit code is 0.
    pub fn succeeded(self) -> Result<()> {
        ensure!(self.code == 0, "silhouettectl ended with {}: {}", self.code, self.stderr.trim());
        Ok(())
    }

    /// Its output as exactly one JSON document; an error unless the exit code is 0.
    pub fn document(self) -> Result<Value> {
        let output = self.stdout.clone();
        self.succeeded()?;
        let mut documents = serde_json::Deserializer::from_str(&output).into_iter::<Value>();
        let Some(document) = documents.next() else { bail!("there is no document in {output:?}") };
        ensure!(documents.next().is_none(), "there is more than one document in {output:?}");
        Ok(document?)
    }
}
