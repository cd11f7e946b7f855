//! Damaging what nodes have on disk, as bad disks do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use super::{node::Node, search::files};

/// Flips one bit of a byte in the middle of a file; what the file was before.
pub fn flip_byte(file: &Path) -> Result<Vec<u8>> {
    let before = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(!before.is_empty(), "{} is empty", file.display());
    let mut damaged = before.clone();
    damaged[before.len() / 2] ^= 1;
    fs::write(file, damaged).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(before)
}

/// Flips a byte of what a stopped node has stored of workers' pairs.
pub fn flip_byte_of_pairs(node: &Node) -> Result<()> {
    // Tables end with their properties, among which is the name of the column family.
    let is_of_chunks = |file: &PathBuf| {
        let content = fs::read(file).unwrap_or_default();
        content.windows(b"chunks".len()).any(|window| window == b"chunks")
    };
    let tables = files(&node.data().join("db"))?.into_iter().filter(|file| file.extension() == Some("sst".as_ref()));
    // Others hold no more than what was deleted.
    let table = tables.filter(is_of_chunks).max_by_key(|table| fs::metadata(table).map_or(0, |about| about.len()));
    let table = table.with_context(|| format!("{} has stored no pairs", node.name()))?;
    let mut content = fs::read(&table)?;
    // The first block of data begins the file; a chunk is longer than this.
    content[200] ^= 1;
    fs::write(&table, content).with_context(|| format!("cannot write {}", table.display()))
}
