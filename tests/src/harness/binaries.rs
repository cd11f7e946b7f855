//! Where the programs under test are: beside whoever runs.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// Path of a program that Cargo built beside this one, such as `silhouette-server`.
pub fn binary(name: &str) -> Result<PathBuf> {
    let current = std::env::current_exe().context("cannot tell which program this is")?;
    // Binaries lie in `<target>/release`, test executables one folder deeper in `deps`.
    for folder in current.ancestors().skip(1).take(2) {
        let path = folder.join(name);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!("{name} is not beside {}; build it first: cargo build --release --bins (or make build)", current.display())
}
