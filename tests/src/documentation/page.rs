//! The pages: README.md and docs/*.md, as they are when the test runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::blocks::{Block, blocks};

/// One page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is.
    pub path: PathBuf,
    /// Its path from the checkout's folder, such as `docs/api.md`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The checkout's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

impl Page {
    /// All pages, by name.
    pub fn all() -> Result<Vec<Self>> {
        let mut paths = vec![root().join("README.md")];
        for entry in fs::read_dir(root().join("docs")).context("cannot list docs/")? {
            let path = entry.context("cannot list docs/")?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
        Ok(Self { path, name, text })
    }

    /// Its fenced blocks.
    pub fn blocks(&self) -> Result<Vec<Block>> {
        blocks(&self.text).with_context(|| format!("in {}", self.name))
    }
}
