//! Runs the commands of a page in one shell, in a machine of its own: network, processes and /tmp are the page's.
//!
//! So pages use the ports and folders that their readers use, several may run at once, and whatever they leave running
//! ends with them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command as Program, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use super::{blocks::Command, expectation::fits, page::Page};
use crate::harness::{binaries::binary, process::Process};

/// How long a page may take. Generous: it only bounds how long a command that hangs is watched.
const PATIENCE: Duration = Duration::from_mins(4);

/// Where the tools of the documentation's readers are, `grpcurl` above all; `make tools` fills it.
const TOOLS: &str = "SILHOUETTE_TOOLS";

/// Runs within the page's own namespaces, with the page's scratch folder and the folders of programs as arguments. The
/// scratch folder becomes /tmp. Each command is read from a file into this one shell, so that variables and
/// jobs stay, and its output, also that of jobs which it began, goes to a file of its own.
const SHELL: &str = r#"
set -eu
ip link set lo up
mkdir -p "$1/bin" "$1/tools" "$1/home"
mount --bind "$2" "$1/bin"
mount --bind "$3" "$1/tools"
mount --rbind "$1" /tmp
export PATH="/tmp/bin:/tmp/tools:$PATH" HOME=/tmp/home
cd /tmp/home
set +eu
shift 3
for _step in /tmp/steps/*.command; do
    . "$_step" >"${_step%.command}.output" 2>&1 </dev/null
    _status=$?
    echo "$_status" >"${_step%.command}.status"
    [ "$_status" = 0 ] || break
done
"#;

/// Runs a page's commands in order; an error names the first that failed or printed something else.
pub async fn run(page: &Page) -> Result<()> {
    let mut commands = Vec::new();
    for block in page.blocks()?.iter().filter(|block| block.is_session()) {
        commands.extend(block.commands().with_context(|| format!("in {}", page.name))?);
    }
    if commands.is_empty() {
        return Ok(());
    }
    let scratch = Scratch::new(&commands)?;
    let ended = scratch.shell()?.ended(PATIENCE).await;
    let shell = ended.as_ref().map_or_else(|_| "goes on".to_owned(), |status| format!("ended with {status}"));
    for (number, command) in commands.iter().enumerate() {
        check(&scratch, number, command).with_context(|| {
            let Command { line, text, .. } = command;
            format!("{}, line {line}: {text}\nthe shell {shell}, this printed:\n{}", page.name, scratch.output(number))
        })?;
    }
    ended.with_context(|| format!("the shell of {} goes on", page.name))?;
    Ok(())
}

fn check(scratch: &Scratch, number: usize, command: &Command) -> Result<()> {
    match scratch.status(number).as_deref() {
        Some("0") => {}
        Some(status) => bail!("the command ended with {status}"),
        None => bail!("the command did not run, or did not end; the shell said: {}", scratch.complaint()),
    }
    let printed = scratch.output(number);
    ensure!(command.shown.is_empty() || fits(&command.shown, &printed), "the page shows something else");
    Ok(())
}

/// A page's folder: its commands, their outputs, and everything that the commands make.
struct Scratch {
    folder: TempDir,
}

impl Scratch {
    fn new(commands: &[Command]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("silhouette-page-").tempdir().context("cannot make a folder")?;
        let scratch = Self { folder };
        fs::create_dir(scratch.steps()).context("cannot make a folder")?;
        for (number, command) in commands.iter().enumerate() {
            fs::write(scratch.step(number, "command"), format!("{}\n", command.text)).context("cannot write a step")?;
        }
        Ok(scratch)
    }

    /// Runs the shell; when its process ends, everything that it began has ended.
    fn shell(&self) -> Result<Process> {
        let programs = binary("silhouettectl")?;
        let programs = programs.parent().context("a program is in a folder")?;
        let complaint = File::create(self.steps().join("complaint")).context("cannot make a file")?;
        let mut command = Program::new("unshare");
        command
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["bash", "-c", SHELL, "bash"])
            .args([self.folder.path(), programs, &tools()?])
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaint);
        Process::spawn(&mut command)
    }

    fn steps(&self) -> PathBuf {
        self.folder.path().join("steps")
    }

    fn step(&self, number: usize, what: &str) -> PathBuf {
        // In the order of names.
        self.steps().join(format!("{number:04}.{what}"))
    }

    fn status(&self, number: usize) -> Option<String> {
        fs::read_to_string(self.step(number, "status")).ok().map(|status| status.trim().to_owned())
    }

    fn output(&self, number: usize) -> String {
        let output = fs::read(self.step(number, "output")).unwrap_or_default();
        String::from_utf8_lossy(&output).into_owned()
    }

    fn complaint(&self) -> String {
        fs::read_to_string(self.steps().join("complaint")).unwrap_or_default()
    }
}

fn tools() -> Result<PathBuf> {
    let folder = if let Some(folder) = std::env::var_os(TOOLS) {
        PathBuf::from(folder)
    } else {
        let home = std::env::var_os("HOME").context("neither SILHOUETTE_TOOLS nor HOME is set")?;
        Path::new(&home).join(".cache/silhouette/tools")
    };
    ensure!(folder.join("grpcurl").is_file(), "grpcurl is not in {}; build it first: make tools", folder.display());
    Ok(folder)
}
