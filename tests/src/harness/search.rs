//! Searching files for bytes that must not be in them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aho_corasick::AhoCorasick;
use anyhow::{Context as _, Result};

/// Byte strings to search for, all in one pass over a file.
#[derive(Debug)]
pub struct Needles {
    automaton: AhoCorasick,
}

impl Needles {
    /// Searches for these bytes as they are, and in hexadecimal digits and base64 as a log would show them.
    pub fn new<'a>(needles: impl IntoIterator<Item = &'a [u8]>) -> Result<Self> {
        let forms: Vec<Vec<u8>> = needles.into_iter().flat_map(forms).collect();
        Ok(Self { automaton: AhoCorasick::new(forms).context("cannot search for so much at once")? })
    }

    /// Every file below `root` in which a needle occurs.
    ///
    /// Files that vanish meanwhile are passed over: a live database deletes files. Each file is read whole: what is
    /// searched in tests is small.
    pub fn files_below(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for file in files(root)? {
            match fs::read(&file) {
                Ok(content) if self.automaton.is_match(&content) => found.push(file),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
            }
        }
        Ok(found)
    }
}

/// All files below `root`, itself included if it is one.
pub fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut left = vec![root.to_path_buf()];
    while let Some(path) = left.pop() {
        let entry = match fs::symlink_metadata(&path) {
            Ok(entry) => entry,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot look at {}", path.display())),
        };
        if entry.is_dir() {
            for child in fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))? {
                left.push(child.with_context(|| format!("cannot list {}", path.display()))?.path());
            }
        } else if entry.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The ways in which bytes may lie in a file: as they are, in hexadecimal digits, in base64 at each of its three
/// alignments (without the characters that depend on neighbouring bytes).
fn forms(needle: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![needle.to_vec(), hex::encode(needle).into_bytes(), hex::encode_upper(needle).into_bytes()];
    for offset in 0..3 {
        let padded = [&vec![0; offset][..], needle].concat();
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, &padded);
        let first = (offset * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        forms.push(text.as_bytes()[first..end].to_vec());
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_wherever_it_lies_and_however_it_is_written() -> Result<()> {
        let root = tempfile::tempdir()?;
        let needle = b"0123456789abcdef";
        let encode = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        fs::create_dir_all(root.path().join("a/b"))?;
        fs::write(root.path().join("a/b/1-within"), b"prefix-0123456789abcdef-suffix")?;
        fs::write(root.path().join("a/other"), b"0123456789abcdeX")?;
        fs::write(root.path().join("a/b/2-hexadecimal"), hex::encode(needle))?;
        fs::write(root.path().join("a/b/3-alone"), encode(needle))?;
        fs::write(root.path().join("a/b/4-after-one"), encode(b"!0123456789abcdef?"))?;
        fs::write(root.path().join("a/b/5-after-two"), encode(b"!!0123456789abcdef?"))?;
        let found = Needles::new([&b"not anywhere at all"[..], needle])?.files_below(root.path())?;
        let folder = root.path().join("a/b");
        let names = ["1-within", "2-hexadecimal", "3-alone", "4-after-one", "5-after-two"];
        assert_eq!(found, names.map(|name| folder.join(name)));
        Ok(())
    }
}
