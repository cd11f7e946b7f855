//! `silhouettectl`: Silhouette from the command line.
//!
//! A command is a file: its arguments, with examples, and what it does. Data goes to standard output, all else to
//! standard error; how the process ends is told by [`exit::Exit`].

#![forbid(unsafe_code)]

mod arguments;
mod cluster;
mod completion;
mod dry_run;
mod exit;
mod failure;
mod input;
mod man;
mod output;
mod progress;
mod report;
mod round;
mod session;
mod terminal;
mod value_type;
mod version;

use std::process::ExitCode;

use tokio::{runtime::Runtime, signal::ctrl_c};

use crate::{
    arguments::{Arguments, Command},
    exit::Exit,
    failure::Failure,
    session::Session,
};

/// What `--debug` shows: the client's own steps, not the frames of every connection.
const DEBUGGED: &str = "warn,silhouette_client=debug";

fn main() -> ExitCode {
    let Arguments { globals, command } = Arguments::read();
    if globals.debug {
        let ours = tracing_subscriber::EnvFilter::new(DEBUGGED);
        tracing_subscriber::fmt().with_env_filter(ours).with_ansi(false).with_writer(std::io::stderr).init();
    }
    let session = Session::new(globals);
    run(&session, command)
        .unwrap_or_else(|failure| {
            if let Some(sentence) = failure.sentence() {
                session.terminal.report(&sentence);
            }
            failure.exit()
        })
        .into()
}

fn run(session: &Session, command: Command) -> Result<Exit, Failure> {
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = carry_out(session, command) => outcome,
            _ = ctrl_c() => Err(Failure::Interrupted),
        }
    });
    // A thread that still waits for standard input must not keep the process.
    runtime.shutdown_background();
    outcome
}

async fn carry_out(session: &Session, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Cluster(command) => command.run(session).await,
        Command::Round(command) => command.run(session).await,
        Command::Report(command) => command.run(session).await,
        Command::Version(command) => command.run(session).await,
        Command::Completion(command) => command.run(),
        Command::Man(command) => command.run(),
    }
}
