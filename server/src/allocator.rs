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

/// What tells the allocator how much free memory it may keep at its end. Setting it also keeps the size from which
/// allocations are given back by themselves where it is, at 128 KiB: else the first chunk that is freed raises it above
/// the size of chunks, and what encodings and pairs leave behind stays with the process.
const TRIM_VARIABLE: &str = "MALLOC_TRIM_THRESHOLD_";

/// In bytes: as much as a chunk of a publication.
const TRIM_BYTES: &str = "1048576";

/// Runs this program anew in its own place, with few arenas, and so does not return; unless the environment says
/// already how many there are, or it cannot be done, as when the program's file is gone: then all works, with more
/// memory.
pub fn restart_with_few_arenas() -> io::Result<()> {
    if env::var_os(VARIABLE).is_some() {
        return Ok(());
    }
    let mut arguments = env::args_os();
    let mut command = Command::new(env::current_exe()?);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Err(command.args(arguments).env(VARIABLE, ARENAS).env(TRIM_VARIABLE, TRIM_BYTES).exec())
}
