//! `silhouettectl completion`: a script by which a shell completes commands and flags.
//!
//! The script is static: it knows the commands and flags of this version, and asks nobody.

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use crate::{arguments, exit::Exit, failure::Failure, terminal};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  silhouettectl completion bash > ~/.local/share/bash-completion/completions/silhouettectl
  silhouettectl completion zsh > ~/.zfunc/_silhouettectl
  silhouettectl completion fish > ~/.config/fish/completions/silhouettectl.fish
  source <(silhouettectl completion bash)",
    after_help = "\
To install it for good, write it where the shell looks, as in the examples, and open a new shell:
  bash  needs the package bash-completion
  zsh   needs `fpath+=~/.zfunc` before `autoload -Uz compinit && compinit` in ~/.zshrc
  fish  needs nothing more
Write it again after an update of silhouettectl."
)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: CompletedShell,
}

/// The shells that a script can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompletedShell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// Fish
    Fish,
}

impl From<CompletedShell> for Shell {
    fn from(shell: CompletedShell) -> Self {
        match shell {
            CompletedShell::Bash => Self::Bash,
            CompletedShell::Zsh => Self::Zsh,
            CompletedShell::Fish => Self::Fish,
        }
    }
}

impl Completion {
    /// Prints the script.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        terminal::print_bytes(&script(self.shell))?;
        Ok(Exit::Done)
    }
}

fn script(shell: CompletedShell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(Shell::from(shell), &mut arguments::command(), arguments::PROGRAM, &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_gets_a_script_that_knows_the_commands() {
        for shell in CompletedShell::value_variants() {
            let script = String::from_utf8(script(*shell)).expect("text");
            for word in ["publish", "transfer-leader", "expected-lookups", "endpoints"] {
                assert!(script.contains(word), "{shell:?} does not complete {word}");
            }
        }
    }
}
