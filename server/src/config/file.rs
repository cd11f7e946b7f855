//! The configuration file.

use std::{fs, io, path::Path};

use saphyr::{MarkedYaml, YamlData};

use super::{
    Origin, Problem,
    keys::{Keys, join},
    layers::Given,
    yaml,
};

/// What a YAML file gives, and what is wrong with it. It is read once, when the node starts.
pub(super) fn read(path: &Path, keys: &Keys, problems: &mut Vec<Problem>) -> Vec<Given> {
    let text = fs::read(path).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not text (UTF-8)"))
    });
    match text {
        Ok(text) => parse(&text, path, keys, problems),
        Err(source) => {
            problems.push(Problem::Unreadable { path: path.to_owned(), source });
            Vec::new()
        }
    }
}

/// `path` is for messages alone.
fn parse(text: &str, path: &Path, keys: &Keys, problems: &mut Vec<Problem>) -> Vec<Given> {
    let mut reading = Reading { path, keys, given: Vec::new(), problems };
    match yaml::read(text) {
        Ok(root) => reading.section("", &root),
        Err(error) => {
            let mark = error.marker();
            let origin = reading.place(mark.line(), mark.col());
            reading.problems.push(Problem::Malformed { origin, why: error.info().to_owned() });
        }
    }
    reading.given
}

struct Reading<'a> {
    path: &'a Path,
    keys: &'a Keys,
    given: Vec<Given>,
    problems: &'a mut Vec<Problem>,
}

impl Reading<'_> {
    fn section(&mut self, path: &str, node: &MarkedYaml<'_>) {
        match &node.data {
            YamlData::Mapping(mapping) => {
                for (key, node) in mapping {
                    self.entry(path, key, node);
                }
            }
            // A section whose keys are all commented out is `null`, and so is an empty file.
            YamlData::BadValue => {}
            data if data.is_null() => {}
            _ => {
                let origin = self.origin(node);
                let section = if path.is_empty() { "the file" } else { path }.to_owned();
                self.problems.push(Problem::NoSection { origin, section });
            }
        }
    }

    fn entry(&mut self, within: &str, key: &MarkedYaml<'_>, node: &MarkedYaml<'_>) {
        let name =
            key.data.as_str().map_or_else(|| yaml::value(key).as_ref().map(yaml::write), |it| Some(it.to_owned()));
        let name = name.unwrap_or_default();
        let path = join(within, &name);
        if self.keys.is_section(&path) {
            self.section(&path, node);
        } else if let Some(known) = self.keys.find(&path) {
            let origin = self.origin(node);
            match yaml::value(node) {
                Some(value) => self.given.push(Given { path, value, origin }),
                None => self.problems.push(Problem::wrong_value(origin, known, "something with a tag".to_owned())),
            }
        } else {
            let nearest = self.keys.nearest(&path).to_owned();
            let origin = self.origin(key);
            self.problems.push(Problem::UnknownKey { origin, path, nearest });
        }
    }

    fn origin(&self, node: &MarkedYaml<'_>) -> Origin {
        self.place(node.span.start.line(), node.span.start.col())
    }

    /// `column` from 0.
    fn place(&self, line: usize, column: usize) -> Origin {
        Origin::File { path: self.path.to_owned(), line, column: column + 1 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn parse(text: &str) -> (Vec<(String, Value)>, Vec<String>) {
        let mut problems = Vec::new();
        let given = super::parse(text, Path::new("node.yaml"), &Keys::new(), &mut problems);
        let given = given.into_iter().map(|given| (given.path, given.value)).collect();
        (given, problems.iter().map(Problem::to_string).collect())
    }

    #[test]
    fn nothing_gives_nothing() {
        for text in ["", "# only a comment\n", "---\n", "raft:\n", "raft: {}\n", "{}", "raft:\n  # tick: 1s\nlog:\n"] {
            assert_eq!(parse(text), (vec![], vec![]), "{text:?}");
        }
    }

    #[test]
    fn keys_are_given_by_their_paths() {
        let (given, problems) =
            parse("name: a\nraft:\n  tick: 20ms\nrounds: {max_pairs: 7}\nmemory: {budget_bytes: ~}");
        assert_eq!(problems, Vec::<String>::new());
        let expected = [
            ("name", json!("a")),
            ("raft.tick", json!("20ms")),
            ("rounds.max_pairs", json!(7)),
            ("memory.budget_bytes", Value::Null),
        ];
        assert_eq!(given, expected.map(|(path, value)| (path.to_owned(), value)));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_one() {
        let (_, problems) = parse("# first\nraft:\n  tik: 20ms\nstorge: {data_dir: /x}\n1: 2\n");
        assert_eq!(problems[0], "file node.yaml:3:3: there is no key `raft.tik`; did you mean `raft.tick`?");
        assert_eq!(problems[1], "file node.yaml:4:1: there is no key `storge`; did you mean `storage`?");
        assert!(problems[2].starts_with("file node.yaml:5:1: there is no key `1`; "), "{problems:?}");
        assert_eq!(problems.len(), 3);
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_place() {
        for (text, place) in [
            ("raft: {tick: 1s", "node.yaml:"),
            ("raft:\n  tick: 1s\n  tick: 2s\n", "node.yaml:3:3: "),
            ("raft: 3\n", "node.yaml:1:7: `raft` is a section"),
            ("- raft\n", "node.yaml:1:1: `the file`"),
            ("raft:\n\ttick: 1s\n", "node.yaml:2:"),
            ("name: !who a\nname: b\n", "node.yaml:2:1"),
            ("name: a\n--- \nname: b\n", "node.yaml:3:1"),
        ] {
            let (_, problems) = parse(text);
            assert_eq!(problems.len(), 1, "{text:?}: {problems:?}");
            assert!(problems[0].contains(place), "{text:?}: {problems:?}");
        }
    }

    #[test]
    fn depth_and_aliases_have_bounds() {
        let deep = format!("name: {}{}", "[".repeat(100_000), "]".repeat(100_000));
        let wide = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n";
        let wide = (b'b'..b'z').fold(wide.to_owned(), |text, letter| {
            let (this, next) = (char::from(letter), char::from(letter + 1));
            format!("{text}{next}: &{next} [{}]\n", [format!("*{this}").as_str(); 10].join(", "))
        });
        for text in [deep, wide] {
            let (given, problems) = parse(&text);
            assert_eq!((given.len(), problems.len()), (0, 1), "{problems:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), [b'a', 0xff]).expect("the file is written");
        let mut problems = Vec::new();
        assert!(read(file.path(), &Keys::new(), &mut problems).is_empty());
        assert!(problems[0].to_string().ends_with("it is not text (UTF-8)"), "{problems:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            parse(&text);
        }

        #[test]
        fn anything_like_yaml_is_read_or_refused(
            text in "([a-c:?!&*|>%@`#,'\"{}\\[\\]~0-9. -]|raft|tick|\n|\n  |: |- |\t){0,40}",
        ) {
            parse(&text);
        }
    }
}
