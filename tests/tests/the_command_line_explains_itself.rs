//! `silhouettectl` where nobody serves: completion scripts, manual pages, pipes that close, colours.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use silhouette_tests::harness::{
    addresses::{Addresses, own_host},
    binaries::binary,
    control::Control,
};

/// A control whose endpoint nobody serves.
fn nobody() -> Result<Control> {
    Ok(Control::new(vec![Addresses::free_at(own_host())?.client.to_string()]))
}

/// What a program prints, if it is installed and succeeds; `None` if it is not installed.
fn printed(program: &str, arguments: &[&str]) -> Result<Option<String>> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            ensure!(output.status.success(), "{program} ended with {}: {said}", output.status);
            Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(format!("cannot run {program}")),
    }
}

#[tokio::test]
async fn bash_completes_commands_flags_and_their_values() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("completion.bash");
    fs::write(&script, nobody()?.run(&["completion", "bash"]).await?.stdout)?;
    let script = script.display().to_string();
    printed("bash", &["-n", &script])?.context("there is a bash")?;

    // As bash itself calls it when somebody presses Tab after these words.
    let completed = |words: &[&str]| -> Result<Vec<String>> {
        let (last, before) = words.split_last().context("there are words")?;
        let before_last = before.last().context("there are two words")?;
        let array = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let line = format!(
            "source '{script}'; COMP_WORDS=({array}); COMP_CWORD={}; _silhouettectl silhouettectl '{last}' \
             '{before_last}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            before.len()
        );
        let said = printed("bash", &["-c", &line])?.context("there is a bash")?;
        Ok(said.lines().map(str::to_owned).collect())
    };
    assert_eq!(completed(&["silhouettectl", "round", "pub"])?, ["publish"]);
    assert_eq!(completed(&["silhouettectl", "cluster", "tr"])?, ["transfer-leader"]);
    assert_eq!(completed(&["silhouettectl", "round", "start", "--on-dead"])?, ["--on-deadline"]);
    assert_eq!(completed(&["silhouettectl", "round", "publish", "--format", "js"])?, ["jsonl"]);
    Ok(())
}

#[tokio::test]
async fn the_scripts_of_other_shells_are_understood_by_them() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for shell in ["zsh", "fish"] {
        let script = folder.path().join(shell);
        let text = nobody()?.run(&["completion", shell]).await?;
        ensure!(text.code == 0 && text.stdout.contains("transfer-leader"), "{shell}: {text:?}");
        fs::write(&script, text.stdout)?;
        // Neither has to be installed; where it is, it parses the script without running it.
        printed(shell, &["-n", &script.display().to_string()])?;
    }
    Ok(())
}

#[tokio::test]
async fn every_command_has_a_manual_page_that_renders() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let dir = folder.path().join("man1");
    nobody()?.run(&["man", "--dir", &dir.display().to_string()]).await?.succeeded()?;
    let pages: Vec<_> = fs::read_dir(&dir)?.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
    ensure!(pages.len() >= 20, "there are {} pages", pages.len());
    for page in &pages {
        let rendered = rendered(page)?;
        for heading in ["NAME", "SYNOPSIS", "EXAMPLES", "EXIT STATUS"] {
            ensure!(rendered.contains(heading), "{} has no {heading}: {rendered}", page.display());
        }
    }
    Ok(())
}

/// A page as it is read, or as it is written where there is nothing to render it with.
fn rendered(page: &Path) -> Result<String> {
    let path = page.display().to_string();
    // -Tascii without -c would overstrike bold letters; -P-cbou leaves plain text. -wall makes each mistake speak.
    match printed("groff", &["-man", "-Tascii", "-P-cbou", "-wall", &path])? {
        Some(text) => Ok(text),
        None => Ok(fs::read_to_string(page)?),
    }
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_failure() -> Result<()> {
    for arguments in [&["completion", "bash"][..], &["--help"], &["round", "start", "--help"], &["version"]] {
        let (reader, writer) = io::pipe()?;
        drop(reader);
        let mut command = Command::new(binary("silhouettectl")?);
        command.args(["--timeout", "1s"]).args(arguments).stdin(Stdio::null()).stdout(writer);
        let output = command.stderr(Stdio::piped()).spawn()?.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(said.is_empty(), "{arguments:?} says {said:?} to a closed pipe");
        ensure!(output.status.code() == Some(0), "{arguments:?} ends with {}", output.status);
    }
    Ok(())
}

#[tokio::test]
async fn colours_are_for_terminals_that_want_them() -> Result<()> {
    let control = nobody()?;
    let listing = ["--timeout", "1s", "round", "list"];
    let coloured = |said: &str| said.contains("\u{1b}[");
    let piped = control.run(&listing).await?;
    ensure!(piped.stderr.starts_with("error:") && !coloured(&piped.stderr), "{piped:?}");
    let demanded = control.run(&[&["--color", "always"], &listing[..]].concat()).await?;
    ensure!(coloured(&demanded.stderr), "{demanded:?}");

    let on_terminal = control.run_on_terminal(&listing, &[]).await?;
    ensure!(on_terminal.code == 4 && coloured(&on_terminal.stdout), "{on_terminal:?}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = control.run_on_terminal(&listing, &[variable]).await?;
        ensure!(plain.stdout.contains("error:") && !coloured(&plain.stdout), "{variable:?}: {plain:?}");
    }
    let never = control.run_on_terminal(&[&["--color", "never"], &listing[..]].concat(), &[]).await?;
    ensure!(!coloured(&never.stdout), "{never:?}");
    Ok(())
}
