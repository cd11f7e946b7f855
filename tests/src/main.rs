//! `silhouette-demo`: three real nodes, three rounds, every answer checked. `make demo` builds and runs it.

use std::process::ExitCode;

use clap::Parser as _;
use silhouette_tests::demo::{self, Options};

#[tokio::main]
async fn main() -> ExitCode {
    match demo::run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("silhouette-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
