//! One node of Silhouette.

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser as _;
use silhouette_server::{
    allocator,
    config::{Arguments, Settings},
    node, telemetry,
};
use tokio::runtime;

/// It could not start, or had to stop.
const FAILED: u8 = 1;

/// Flags or configuration are wrong.
const MISUSED: u8 = 2;

/// How long tasks may take to let go of the database: far longer than one call of it does.
const CLOSING_LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    if let Err(error) = allocator::restart_with_few_arenas() {
        eprintln!("warning: cannot bound the allocator's arenas: {error}");
    }
    let arguments = Arguments::parse();
    if arguments.print_config {
        return print_configuration(&arguments);
    }
    let settings = match Settings::new(&arguments) {
        Ok(settings) => settings,
        Err(error) => return complain(MISUSED, &error),
    };
    let filter = log_filter(&arguments, &settings);
    if let Err(error) = telemetry::start_logs(settings.configuration.log.format, &filter) {
        return complain(MISUSED, &error);
    }
    let runtime = match runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(FAILED, &error),
    };
    let outcome = runtime.block_on(node::run(settings));
    // Whatever still runs has nothing left to lose: all that was acknowledged is on disk. But it may use the database,
    // which must be closed before the process's end destroys what its C++ code needs.
    let closing = Instant::now();
    runtime.shutdown_timeout(CLOSING_LIMIT);
    if closing.elapsed() >= CLOSING_LIMIT {
        tracing::warn!(limit = ?CLOSING_LIMIT, "something still used the database when the process ended");
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(FAILED, &error),
    }
}

fn print_configuration(arguments: &Arguments) -> ExitCode {
    match arguments.configuration() {
        // A reader that has seen enough closes the pipe; that is no failure.
        Ok(configuration) => {
            io::stdout().write_all(configuration.to_yaml().as_bytes()).ok();
            ExitCode::SUCCESS
        }
        Err(error) => complain(MISUSED, &error),
    }
}

/// `--log-level`, or `RUST_LOG`, or what is configured.
fn log_filter(arguments: &Arguments, settings: &Settings) -> String {
    let environment = || env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    arguments.log_level.clone().or_else(environment).unwrap_or_else(|| settings.configuration.log.level.clone())
}

fn complain(code: u8, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}
