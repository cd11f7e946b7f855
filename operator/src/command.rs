//! The command line as it is typed.

mod crd;
mod exit;
mod plan;
mod run;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use tokio::runtime;

use self::exit::Failed;

/// A help page leads with examples: most people look for a line to adapt.
const HELP: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// Keeps the Silhouette clusters that SilhouetteCluster resources ask for.
#[derive(Debug, Parser)]
#[command(
    name = "silhouette-operator",
    version,
    help_template = HELP,
    before_help = "\
Examples:
  Teach the API server the resource, then keep clusters of every namespace:
    silhouette-operator crd | kubectl apply --server-side -f -
    silhouette-operator run

  See what a changed resource would bring, before it is applied:
    silhouette-operator plan -f demo.yaml

It finds the API server as kubectl does: by KUBECONFIG or ~/.kube/config, else as the pod that it runs in.",
    after_help = "docs/operator.md tells how it decides, what it needs and what it never does."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::Run>),
    Plan(plan::PlanCommand),
    Crd(crd::Crd),
}

/// Does what is asked for.
pub(crate) fn execute(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Crd(_) => crd::Crd::execute(),
        Command::Run(run) => within_a_runtime(run.execute()),
        Command::Plan(plan) => within_a_runtime(plan.execute()),
    };
    done.unwrap_or_else(Failed::tell)
}

fn within_a_runtime(doing: impl Future<Output = Result<ExitCode, Failed>>) -> Result<ExitCode, Failed> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().map_err(Failed::to_do)?;
    let done = runtime.block_on(doing);
    // Whoever must end at once, as another may hold the lease, does not wait for calls that hang.
    runtime.shutdown_background();
    done
}

/// A reader that has seen enough closes the pipe; that is no failure.
fn print(text: &str) {
    io::stdout().write_all(text.as_bytes()).ok();
}
