//! The configuration file.

use std::{fs, path::Path};

use serde_yaml::Value;

use super::{Configuration, ConfigurationError, keys::unknown_keys};

impl Configuration {
    /// Reads a YAML file; keys that it does not have keep their defaults.
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigurationError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads YAML; `path` is for errors alone.
    fn parse(text: &str, path: &Path) -> Result<Self, ConfigurationError> {
        let malformed =
            |error: serde_yaml::Error| ConfigurationError::Malformed { path: path.to_owned(), why: error.to_string() };
        let given: Value = serde_yaml::from_str(text).map_err(malformed)?;
        if given.is_null() {
            return Ok(Self::default());
        }
        let known = serde_yaml::to_value(Self::default()).map_err(malformed)?;
        let unknown = unknown_keys(&given, &known);
        if !unknown.is_empty() {
            return Err(ConfigurationError::UnknownKeys { path: path.to_owned(), unknown });
        }
        // Parsed again from the text, whose lines and columns errors then name.
        serde_yaml::from_str(text).map_err(malformed)
    }

    /// The whole configuration as YAML, defaults filled in.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(text: &str) -> Result<Configuration, String> {
        Configuration::parse(text, Path::new("node.yaml")).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        assert_eq!(parse(""), Ok(Configuration::default()));
        assert_eq!(parse("# only a comment\n"), Ok(Configuration::default()));
    }

    #[test]
    fn what_is_printed_reads_back() {
        let mut configuration = Configuration::default();
        configuration.raft.tick = Duration::from_millis(20);
        configuration.rounds.max_pairs = 5;
        configuration.storage.data_dir = Some("/data".into());
        assert_eq!(parse(&configuration.to_yaml()), Ok(configuration));
    }

    #[test]
    fn given_keys_change_and_others_keep_their_defaults() {
        let configuration = parse("raft:\n  tick: 20ms\nrounds:\n  max_pairs: 7\n").expect("it parses");
        assert_eq!(configuration.raft.tick, Duration::from_millis(20));
        assert_eq!(configuration.raft.election_ticks, Configuration::default().raft.election_ticks);
        assert_eq!(configuration.rounds.max_pairs, 7);
    }

    #[test]
    fn a_wrong_value_is_an_error_that_names_its_key_and_line() {
        let error = parse("raft:\n  election_ticks: many\n").expect_err("a word is no number");
        assert!(error.contains("raft.election_ticks") && error.contains("line 2"), "{error}");
        let error = parse("raft:\n  tick: 20\n").expect_err("a duration needs a unit");
        assert!(error.contains("raft.tick"), "{error}");
        let error = parse("raft: 3\n").expect_err("a section is a mapping");
        assert!(error.contains("raft"), "{error}");
    }

    #[test]
    fn unknown_keys_are_errors() {
        let error = parse("raft:\n  tik: 20ms\n").expect_err("there is no such key");
        assert_eq!(error, "configuration file node.yaml: unknown key `raft.tik`; did you mean `raft.tick`?");
    }
}
