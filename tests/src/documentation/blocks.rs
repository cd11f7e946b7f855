//! Fenced blocks of Markdown, and the commands in those that show a terminal.

use std::process::Command as Shell;

use anyhow::{Context as _, Result, ensure};

/// What a terminal session is marked as.
const CONSOLE: &str = "console";
/// Begins a command.
const PROMPT: &str = "$ ";

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The word after the fence.
    pub language: String,
    /// Line of the page, from 1, at which its content begins.
    pub line: usize,
    /// Its content.
    pub lines: Vec<String>,
}

/// A command of a terminal session and what is shown beneath it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Line of the page, from 1.
    pub line: usize,
    /// What is typed, without prompts.
    pub text: String,
    /// What must be printed, if anything is shown.
    pub shown: Vec<String>,
}

/// The fenced blocks of a page. Each says what it is, or a session could be forgotten unnoticed: what is neither run
/// nor of any language is `text`.
pub fn blocks(text: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in (1..).zip(text.lines()) {
        // A block within an item of a list is indented.
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let language = language.trim().to_owned();
                ensure!(!language.is_empty(), "line {number}: a fenced block names its language, or `text`");
                open = Some(Block { language, line: number + 1, lines: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    ensure!(open.is_none(), "the last fenced block is not closed");
    Ok(blocks)
}

impl Block {
    /// Whether it shows a terminal session, which is run.
    pub fn is_session(&self) -> bool {
        self.language == CONSOLE
    }

    /// Whether it holds commands that are not run.
    pub fn is_script(&self) -> bool {
        ["sh", "bash", "shell", "zsh", "fish"].contains(&self.language.as_str())
    }

    /// The commands of a session.
    pub fn commands(&self) -> Result<Vec<Command>> {
        let mut commands: Vec<Command> = Vec::new();
        let mut complete = true;
        for (line, text) in (self.line..).zip(&self.lines) {
            if let Some(typed) = text.strip_prefix(PROMPT) {
                ensure!(complete, "line {line}: the command before is not finished");
                commands.push(Command { line, text: typed.to_owned(), shown: Vec::new() });
                complete = is_complete(typed)?;
                continue;
            }
            let last = commands.last_mut();
            ensure!(last.is_some(), "line {line}: a session begins with a command, after \"{PROMPT}\"");
            let Some(command) = last else { continue };
            if complete {
                command.shown.push(text.clone());
            } else {
                command.text = format!("{}\n{text}", command.text);
                complete = is_complete(&command.text)?;
            }
        }
        ensure!(complete, "the last command of the block at line {} is not finished", self.line);
        for command in &mut commands {
            // An empty line sets the next command apart.
            while command.shown.last().is_some_and(|line| line.trim().is_empty()) {
                command.shown.pop();
            }
        }
        Ok(commands)
    }
}

/// Whether a shell would ask for no further line after these. The shell itself is asked, without running anything: it
/// fails within a compound or quotes, and warns within a here-document.
fn is_complete(typed: &str) -> Result<bool> {
    if typed.ends_with('\\') {
        return Ok(false);
    }
    let output = Shell::new("bash").args(["-n", "-c", typed]).output().context("cannot run bash")?;
    Ok(output.status.success() && output.stderr.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(lines: &str) -> Vec<Command> {
        let text = format!("text\n```console\n{lines}\n```\n");
        let blocks = blocks(&text).expect("the page is well-formed");
        assert_eq!(blocks.len(), 1);
        blocks[0].commands().expect("it is a session")
    }

    #[test]
    fn a_session_is_commands_and_what_is_shown_beneath_them() {
        let found = commands("$ echo one\none\n\n$ true\n$ echo two");
        let expected = [(3, "echo one", vec!["one".to_owned()]), (6, "true", vec![]), (7, "echo two", vec![])];
        let expected = expected.map(|(line, text, shown)| Command { line, text: text.to_owned(), shown });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_command_goes_on_while_a_shell_would_ask_for_more() {
        for typed in [
            "echo a \\\n  b",
            "for i in 1 2; do\n  echo $i\ndone",
            "until true\n  do sleep 1; done",
            "greet() {\n  echo hello\n}",
            "echo '{\n  \"a\": 1\n}'",
            "cat >file <<END\ntext\nEND",
            "cat >file <<'END'\nit's\nEND",
        ] {
            let found = commands(&format!("$ {typed}\nshown"));
            assert_eq!((found.len(), found[0].text.as_str()), (1, typed));
            assert_eq!(found[0].shown, ["shown"]);
        }
    }

    #[test]
    fn a_command_that_is_not_finished_is_an_error() {
        for typed in ["$ echo 'a", "$ echo 'a\n$ true"] {
            let lines = typed.lines().map(str::to_owned).collect();
            assert!(Block { language: CONSOLE.to_owned(), line: 1, lines }.commands().is_err());
        }
    }

    #[test]
    fn a_session_that_does_not_begin_with_a_command_is_an_error() {
        let block = Block { language: CONSOLE.to_owned(), line: 1, lines: vec!["shown".to_owned()] };
        assert!(block.commands().is_err());
    }

    #[test]
    fn a_block_that_is_not_closed_is_an_error() {
        assert!(blocks("```sh\nmake\n").is_err());
    }

    #[test]
    fn a_block_without_a_language_is_an_error() {
        let error = blocks("text\n```\n$ make\n```\n").expect_err("it could be a session");
        assert!(error.to_string().starts_with("line 2: "), "{error}");
        assert!(blocks("```text\nshown\n```\n").is_ok());
    }

    #[test]
    fn languages_tell_what_is_run() {
        let blocks = blocks("```console\n$ a\n```\n```sh\nb\n```\n```yaml\nc: 1\n```\n").expect("well-formed");
        let kinds: Vec<_> = blocks.iter().map(|block| (block.is_session(), block.is_script())).collect();
        assert_eq!(kinds, [(true, false), (false, true), (false, false)]);
    }
}
