//! The operator's program.

mod command;

use std::process::ExitCode;

use clap::Parser as _;

use command::Arguments;

fn main() -> ExitCode {
    command::execute(Arguments::parse())
}
