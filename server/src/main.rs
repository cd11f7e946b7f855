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
    config::{Arguments, Effective, Settings, reference},
    node,
    telemetry::{self, Traces},
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
    if arguments.print_config_reference {
        print(&reference());
        return ExitCode::SUCCESS;
    }
    let effective = match Effective::read(&arguments, env::vars_os()) {
        Ok(effective) => effective,
        Err(error) => return complain(MISUSED, &error),
    };
    if arguments.print_config {
        print(&effective.annotated_yaml());
    }
    let settings = match Settings::of(effective, arguments.dev) {
        Ok(_) if arguments.print_config => return ExitCode::SUCCESS,
        Ok(settings) => settings,
        Err(error) => return complain(MISUSED, &error),
    };
    let runtime = match runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(FAILED, &error),
    };
    // What sends spans runs there.
    let entered = runtime.enter();
    let traces = match Traces::start(&settings.name) {
        Ok(traces) => traces,
        Err(error) => return complain(MISUSED, &error),
    };
    drop(entered);
    let log = &settings.configuration.log;
    if let Err(error) = telemetry::start_logs(log.format, &log.level, traces.as_ref()) {
        return complain(MISUSED, &error);
    }
    let outcome = runtime.block_on(node::run(settings));
    if let Some(traces) = traces {
        traces.stop();
    }
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

/// A reader that has seen enough closes the pipe; that is no failure.
fn print(text: &str) {
    io::stdout().write_all(text.as_bytes()).ok();
}

fn complain(code: u8, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}
