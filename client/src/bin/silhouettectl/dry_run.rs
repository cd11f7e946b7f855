//! `--dry-run`: what a command would change, as far as can be told without changing it.

use clap::Args;

/// The flag, for commands that change something.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DryRun {
    /// Check what can be checked, say what would be changed, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
