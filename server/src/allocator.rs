//! How much memory the C library keeps for itself.
//!
//! Its allocator has an arena for every few threads, and memory that one thread takes and another gives back stays in
//! the arena where it was taken. Chunks of publications go from connections to the raft thread and on to the apply
//! thread; with arenas for all of them a node that is full of pairs took 190 MiB more than it had any use for.

use std::{env, io, os::unix::process::CommandExt as _, process::Command};

/// What tells the allocator how many arenas it may have. It is read once, when a process starts.
const VARIABLE: &str = "MALLOC_ARENA_MAX";

/// Enough that threads which allocate small things seldom wait for each other.
const ARENAS: &str = "2";

/// Runs this program anew in its own place, with few arenas, and so does not return; unless the environment says already
/// how many there are, or it cannot be done, as when the program's file is gone: then all works, with more memory.
pub fn restart_with_few_arenas() -> io::Result<()> {
    if env::var_os(VARIABLE).is_some() {
        return Ok(());
    }
    let mut arguments = env::args_os();
    let mut command = Command::new(env::current_exe()?);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Err(command.args(arguments).env(VARIABLE, ARENAS).exec())
}
