//! Every key wrong in turn, in the file and in the environment: refused, with its name and place, and nothing was made.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use clap::Parser as _;
use serde_json::{Value, json};

use super::{
    Arguments, Effective, Settings,
    keys::{Key, Keys},
    kind::Kind,
};

/// A folder for a file and a data directory that is never made.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary directory") }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("node.yaml")
    }

    /// What a node with this file and these variables says.
    fn refusal(&self, yaml: &str, variables: &[(String, OsString)]) -> String {
        fs::write(self.file(), yaml).expect("the file is written");
        let text = |path: &Path| path.to_str().expect("the path is text").to_owned();
        // From the environment, so that a file or a variable with another value for the key wins or collides.
        let data = ("SILHOUETTE__STORAGE__DATA_DIR".to_owned(), self.data().into_os_string());
        let mut variables = variables.to_vec();
        if variables.iter().all(|(name, _)| *name != data.0) {
            variables.push(data);
        }
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value));
        let arguments = Arguments::try_parse_from(["silhouette-server", "--config", &text(&self.file())]);
        let effective = Effective::read(&arguments.expect("the flags parse"), variables);
        let error = effective.and_then(|effective| Settings::of(effective, false)).expect_err("something is wrong");
        assert_eq!(error.problems().len(), 1, "{error}");
        assert!(!self.data().exists(), "the data directory was made all the same");
        error.to_string()
    }
}

/// A file with one key.
fn yaml(path: &str, value: &Value) -> String {
    match path.split_once('.') {
        Some((section, name)) => format!("# one key\n{section}:\n  {name}: {value}\n"),
        None => format!("# one key\n{path}: {value}\n"),
    }
}

/// Values that a key does not take.
fn wrong_values(key: &Key) -> Vec<Value> {
    let mut values = vec![json!({"of": "another type"}), json!(["of", "another", "type"]), json!(-1), json!(1.5)];
    if key.kind != Kind::Text {
        values.push(json!("wrong"));
        values.push(json!(""));
    }
    if key.kind != Kind::Boolean {
        values.push(json!(true));
    }
    if !key.optional {
        values.push(Value::Null);
    }
    values
}

fn misspelt(path: &str) -> &str {
    &path[..path.len() - 1]
}

#[test]
fn a_wrong_value_in_the_file_is_refused_whatever_the_key() {
    let (place, keys) = (Place::new(), Keys::new());
    for key in keys.all() {
        for value in wrong_values(key) {
            let said = place.refusal(&yaml(&key.path, &value), &[]);
            let line = if key.section().is_empty() { 2 } else { 3 };
            let at = format!("file {}:{line}:", place.file().display());
            assert!(said.starts_with(&at) && said.contains(&format!("`{}` must be", key.path)), "{value}: {said}");
        }
    }
}

#[test]
fn a_misspelt_key_in_the_file_is_refused_whatever_the_key() {
    let (place, keys) = (Place::new(), Keys::new());
    for key in keys.all() {
        let wrong = misspelt(&key.path);
        let said = place.refusal(&yaml(wrong, &key.default), &[]);
        assert!(said.starts_with(&format!("file {}:", place.file().display())), "{said}");
        let end = format!("there is no key `{wrong}`; did you mean `{}`?", key.path);
        assert!(said.ends_with(&end), "{said}");
    }
}

#[test]
fn a_wrong_value_in_the_environment_is_refused_whatever_the_key() {
    let (place, keys) = (Place::new(), Keys::new());
    for key in keys.all() {
        let mut wrong = vec![OsString::from_vec(vec![b'1', 0xff])];
        if key.kind != Kind::Text {
            wrong.extend(["wrong", "-1", "1.5", " ", "{}", "[1]"].map(OsString::from));
        }
        for value in wrong {
            let said = place.refusal("", &[(key.variable(), value.clone())]);
            let expected = format!("{}: `{}` must be ", key.variable(), key.path);
            assert!(said.starts_with(&expected), "{}: {said}", value.display());
        }
    }
}

#[test]
fn a_misspelt_variable_is_refused_whatever_the_key() {
    let (place, keys) = (Place::new(), Keys::new());
    for key in keys.all() {
        let variable = key.variable();
        let wrong = misspelt(&variable);
        let said = place.refusal("", &[(wrong.to_owned(), "1".into())]);
        assert_eq!(said, format!("{wrong}: there is no such key; did you mean {variable}?"));
    }
}

#[test]
fn every_default_is_taken_from_the_file_and_from_the_environment() {
    let keys = Keys::new();
    for key in keys.all().iter().filter(|key| !key.default.is_null()) {
        let text = key.default.as_str().map_or_else(|| key.default.to_string(), str::to_owned);
        let place = Place::new();
        fs::write(place.file(), yaml(&key.path, &key.default)).expect("the file is written");
        let arguments = Arguments { config: Some(place.file()), ..Arguments::default() };
        let from_file = Effective::read(&arguments, []).expect("its own default is right");
        let variables = [(key.variable().into(), text.into())];
        let from_environment = Effective::read(&Arguments::default(), variables).expect("its own default is right");
        for effective in [from_file, from_environment] {
            assert_eq!(effective.configuration, Effective::default().configuration, "{}", key.path);
            assert_ne!(effective.origins, Effective::default().origins, "{} was not taken", key.path);
        }
    }
}
