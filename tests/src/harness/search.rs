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
    /// Searches for these bytes as they are, and in every form in which a log would show them.
    pub fn new<'a>(needles: impl IntoIterator<Item = &'a [u8]>) -> Result<Self> {
        let forms: Vec<Vec<u8>> = needles.into_iter().flat_map(forms).collect();
        Ok(Self { automaton: AhoCorasick::new(forms).context("cannot search for so much at once")? })
    }

    /// The first needle in `content`, in whatever form, with what is around it.
    pub fn first_in(&self, content: &[u8]) -> Option<String> {
        const AROUND: usize = 160;
        let found = self.automaton.find(content)?;
        let (start, end) = (found.start().saturating_sub(AROUND), (found.end() + AROUND).min(content.len()));
        Some(content[start..end].escape_ascii().to_string())
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

/// The ways in which bytes may lie in a file or a log: as they are, in hexadecimal digits, in base64, in the base64 of
/// a message that holds their base64 (a status's details), as a list of decimal numbers, escaped as Rust's `Debug`
/// does.
fn forms(needle: &[u8]) -> Vec<Vec<u8>> {
    let numbers = format!("{needle:?}");
    let numbers = numbers.trim_matches(['[', ']']);
    let mut forms = vec![
        needle.to_vec(),
        hex::encode(needle).into_bytes(),
        hex::encode_upper(needle).into_bytes(),
        numbers.replace(' ', "").into_bytes(),
        numbers.as_bytes().to_vec(),
    ];
    let shown = format!("{:?}", bytes::Bytes::copy_from_slice(needle));
    let shown = shown.strip_prefix("b\"").and_then(|shown| shown.strip_suffix('"')).unwrap_or_default();
    forms.extend(quoted(shown));
    forms.extend(quoted(&needle.escape_ascii().to_string()));
    if let Ok(text) = std::str::from_utf8(needle) {
        forms.extend(quoted(text));
    }
    forms.extend(base64_forms(needle));
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, needle);
    forms.extend(base64_forms(text.as_bytes()));
    forms
}

/// A text as it is, within a quoted one (a line of JSON), within one that is quoted again (a field that is the `Debug`
/// of something), and once more.
fn quoted(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let quote = |text: &String| Some(text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
    std::iter::successors(Some(text.to_owned()), quote).take(4).map(String::into_bytes)
}

/// Base64 at each of its three alignments, without the characters that depend on neighbouring bytes.
fn base64_forms(needle: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..3).map(move |offset| {
        let padded = [&vec![0; offset][..], needle].concat();
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, &padded);
        let first = (offset * 8_usize).div_ceil(6);
        let end = padded.len() * 8 / 6;
        text.as_bytes()[first..end].to_vec()
    })
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
        fs::write(root.path().join("a/b/6-as-numbers"), format!("{needle:?}"))?;
        fs::write(root.path().join("a/b/7-in-details"), encode(format!("key{}", encode(needle)).as_bytes()))?;
        let found = Needles::new([&b"not anywhere at all"[..], needle])?.files_below(root.path())?;
        let folder = root.path().join("a/b");
        let names =
            ["1-within", "2-hexadecimal", "3-alone", "4-after-one", "5-after-two", "6-as-numbers", "7-in-details"];
        assert_eq!(found, names.map(|name| folder.join(name)));
        Ok(())
    }

    #[test]
    fn an_escaped_needle_is_found() -> Result<()> {
        let needle = b"\x00\xffkey\"\\\n of a worker";
        let needles = Needles::new([&needle[..]])?;
        let shown = format!("{:?}", bytes::Bytes::from_static(needle));
        for written in [shown.clone(), serde_json::to_string(&shown)?, needle.escape_ascii().to_string()] {
            assert!(needles.first_in(format!("a line {written} more").as_bytes()).is_some(), "{written}");
        }
        assert!(needles.first_in(b"a line").is_none());
        Ok(())
    }
}
