//! Somebody who outlives the tests, and clears up after them.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context as _, Result};

/// The name of the file in a folder that is to stay.
const KEEP: &str = "keep";

/// Waits until its input ends, as it does with whoever holds the other end; then it kills the processes that it was told
/// of, and deletes the folder unless it is to stay. It takes no notice of an interruption at the terminal.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
processes=
while read -r line; do
    [ "$line" = released ] && exit
    processes="$processes $line"
done
[ -z "$processes" ] || kill -KILL $processes
[ -e "$1/$2" ] || until rm -rf "$1"; do sleep 1; done
"#;

/// Clears up if this process ends without doing so: by a signal, or because what is shared by tests has no last user.
#[derive(Debug)]
pub(super) struct Caretaker {
    process: Child,
    orders: ChildStdin,
}

impl Caretaker {
    /// Of this folder.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "caretaker"]).arg(folder).arg(KEEP);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().context("cannot run sh")?;
        let orders = process.stdin.take().context("its input is a pipe")?;
        Ok(Self { process, orders })
    }

    /// A process that must not outlive this one.
    pub(super) fn watch(&mut self, process: u32) -> Result<()> {
        writeln!(self.orders, "{process}").context("a caretaker has ended")
    }

    /// There is nothing to clear up any more.
    pub(super) fn release(mut self) -> Result<()> {
        writeln!(self.orders, "released").context("a caretaker has ended")?;
        self.process.wait().context("cannot reap a caretaker")?;
        Ok(())
    }
}

/// From now on the folder stays when the process ends.
pub(super) fn keep(folder: &Path) -> Result<()> {
    std::fs::write(folder.join(KEEP), "").with_context(|| format!("cannot write into {}", folder.display()))
}

/// Whether the folder stays.
pub(super) fn is_kept(folder: &Path) -> bool {
    folder.join(KEEP).exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::process::Process;

    /// A process and a folder in somebody's care, who then learns that their owner has ended; whether both are there
    /// still.
    fn after_the_owner(before: impl FnOnce(&Path)) -> Result<(bool, bool)> {
        let folder = tempfile::tempdir()?;
        let mut left_behind = Process::spawn(Command::new("sleep").arg("600"))?;
        let mut caretaker = Caretaker::of(folder.path())?;
        caretaker.watch(left_behind.id())?;
        before(folder.path());
        let Caretaker { mut process, orders } = caretaker;
        drop(orders);
        process.wait()?;
        // It was told to end before the folder went.
        let begun = std::time::Instant::now();
        while left_behind.status()?.is_none() && begun.elapsed() < crate::harness::waiting::PATIENCE {
            std::thread::yield_now();
        }
        Ok((left_behind.status()?.is_none(), folder.path().exists()))
    }

    #[test]
    fn what_is_left_behind_is_cleared_up() -> Result<()> {
        assert_eq!(after_the_owner(|_| {})?, (false, false));
        Ok(())
    }

    #[test]
    fn what_a_failed_test_has_left_stays() -> Result<()> {
        assert_eq!(after_the_owner(|folder| keep(folder).expect("the folder is there"))?, (false, true));
        Ok(())
    }

    #[test]
    fn whoever_clears_up_is_not_cleared_up_after() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut process = Process::spawn(Command::new("sleep").arg("600"))?;
        let mut caretaker = Caretaker::of(folder.path())?;
        caretaker.watch(process.id())?;
        caretaker.release()?;
        assert!(process.status()?.is_none() && folder.path().exists());
        Ok(())
    }
}
