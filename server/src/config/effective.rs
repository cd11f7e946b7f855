//! The configuration that results, and where each of its values came from.

use std::{collections::BTreeMap, ffi::OsString};

use serde_json::{Map, Value};

use super::{
    Arguments, Configuration, ConfigurationError, Origin, environment, file,
    keys::{Keys, join},
    layers::Layers,
    yaml,
};

/// Where each value of a configuration came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    given: BTreeMap<String, Origin>,
}

impl Origins {
    /// Where the value of a key came from, by its path such as `raft.tick`.
    pub fn of(&self, path: &str) -> &Origin {
        self.given.get(path).unwrap_or(&Origin::Default)
    }

    pub(super) fn set(&mut self, path: String, origin: Origin) {
        self.given.insert(path, origin);
    }

    /// `configuration` as YAML, each value with a comment that says where it came from. As a configuration file it
    /// gives the same values. Nothing in it is secret: the configuration has no secrets.
    pub fn annotate(&self, configuration: &Configuration) -> String {
        let mut lines = Vec::new();
        if let Value::Object(root) = configuration.to_value() {
            self.annotate_section("", &root, &mut lines);
        }
        lines.concat()
    }

    /// Values first, then sections: a value below a section would belong to it.
    fn annotate_section(&self, path: &str, section: &Map<String, Value>, lines: &mut Vec<String>) {
        let indent = if path.is_empty() { String::new() } else { "  ".repeat(path.split('.').count()) };
        let (sections, values): (Vec<_>, Vec<_>) = section.iter().partition(|(_, value)| value.is_object());
        for (name, value) in values {
            let origin = self.of(&join(path, name)).to_string();
            // A path of a file may have any characters; a comment ends where the line ends.
            let origin = origin.replace(char::is_control, "?");
            lines.push(format!("{indent}{name}: {}  # {origin}\n", yaml::write(value)));
        }
        for (name, value) in sections {
            if let Value::Object(section) = value {
                lines.push(format!("{indent}{name}:\n"));
                self.annotate_section(&join(path, name), section, lines);
            }
        }
    }
}

/// A configuration, and where each of its values came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effective {
    /// What results.
    pub configuration: Configuration,
    /// Where it came from.
    pub origins: Origins,
}

impl Effective {
    /// All values as YAML, each with where it came from, see [`Origins::annotate`].
    pub fn annotated_yaml(&self) -> String {
        self.origins.annotate(&self.configuration)
    }

    /// Reads defaults, then the file that `arguments` names, then `variables` of the environment, then flags. All that
    /// is wrong with them is named at once.
    pub fn read(
        arguments: &Arguments,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigurationError> {
        let keys = Keys::new();
        let mut problems = Vec::new();
        let mut layers = Layers::new(&keys);
        let from_file = arguments.config.as_ref().map(|path| file::read(path, &keys, &mut problems));
        layers.add(from_file.unwrap_or_default(), &mut problems);
        let from_environment = environment::read(variables, &keys, &mut problems);
        layers.add(from_environment, &mut problems);
        let from_flags = arguments.given(&mut problems);
        layers.add(from_flags, &mut problems);
        if problems.is_empty() { Ok(layers.finish()) } else { Err(ConfigurationError { problems }) }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use clap::Parser as _;

    use super::*;

    fn read(flags: &[&str], variables: &[(&str, &str)]) -> Result<Effective, String> {
        let flags = ["silhouette-server"].iter().chain(flags);
        let arguments = Arguments::try_parse_from(flags).expect("the flags parse");
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Effective::read(&arguments, variables).map_err(|error| error.to_string())
    }

    fn file(directory: &Path, text: &str) -> String {
        let path = directory.join("node.yaml");
        fs::write(&path, text).expect("the file is written");
        path.to_str().expect("the path is text").to_owned()
    }

    #[test]
    fn flags_win_over_the_environment_which_wins_over_the_file_which_wins_over_defaults() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let text = "name: file\nclient: {addr: 127.0.0.1:1}\npeer: {addr: 127.0.0.1:2}\nraft:\n  tick: 20ms\n";
        let path = file(directory.path(), text);
        let effective = read(
            &["--config", &path, "--client-addr", "127.0.0.1:9"],
            &[("SILHOUETTE__CLIENT__ADDR", "127.0.0.1:8"), ("SILHOUETTE__PEER__ADDR", "127.0.0.1:7")],
        );
        let Effective { configuration, origins } = effective.expect("it reads");
        assert_eq!(configuration.client.addr, "127.0.0.1:9".parse().expect("an address"));
        assert_eq!(configuration.peer.addr, "127.0.0.1:7".parse().expect("an address"));
        assert_eq!(configuration.name.as_deref(), Some("file"));
        assert_eq!(configuration.raft.tick, Duration::from_millis(20));
        assert_eq!(configuration.raft.election_ticks, Configuration::default().raft.election_ticks);
        assert_eq!(origins.of("client.addr"), &Origin::Flag("--client-addr"));
        assert_eq!(origins.of("peer.addr"), &Origin::Variable("SILHOUETTE__PEER__ADDR".to_owned()));
        assert_eq!(origins.of("raft.tick"), &Origin::File { path: path.into(), line: 5, column: 9 });
        assert_eq!(origins.of("raft.election_ticks"), &Origin::Default);
    }

    #[test]
    fn what_is_printed_tells_origins_and_reads_back() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = file(directory.path(), "rounds:\n  max_pairs: 5\nname: 'true'\n");
        let effective = read(
            &["--config", &path, "--data-dir", "/tmp/a b: #c", "--insecure", "--peer-addr", "[::]:1"],
            &[
                ("SILHOUETTE__RAFT__TICK", "1m 5ms"),
                ("RUST_LOG", "info,slog=warn"),
                ("SILHOUETTE__ENCODING__THREADS", "3"),
            ],
        )
        .expect("it reads");
        let printed = effective.annotated_yaml();
        for line in [
            "name: \"true\"  # file ",
            "insecure: true  # --insecure\n",
            "  data_dir: \"/tmp/a b: #c\"  # --data-dir\n",
            "  tick: 1m 5ms  # SILHOUETTE__RAFT__TICK\n",
            "  level: info,slog=warn  # RUST_LOG\n",
            "  election_ticks: 10  # default\n",
            "  budget_bytes: null  # default\n",
            "node.yaml:2:14\n",
        ] {
            assert!(printed.contains(line), "{line:?} is missing:\n{printed}");
        }
        let again = file(directory.path(), &printed);
        assert_eq!(read(&["--config", &again], &[]).expect("it reads").configuration, effective.configuration);
    }

    #[test]
    fn a_files_name_cannot_end_the_comment_it_is_in() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("a\nname: b");
        fs::write(&path, "name: a\n").expect("the file is written");
        let effective = read(&["--config", path.to_str().expect("text")], &[]).expect("it reads");
        let again = file(directory.path(), &effective.annotated_yaml());
        assert_eq!(read(&["--config", &again], &[]).expect("it reads").configuration.name.as_deref(), Some("a"));
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = file(directory.path(), "raft:\n  tick: soon\n  tik: 1s\nlog: {format: 5}\n");
        let variables = [("SILHOUETTE__RAFT__ELECTION_TICKS", "many"), ("SILHOUETTE__RAF__TICK", "1s")];
        let error = read(&["--config", &path], &variables).expect_err("five things are wrong");
        for part in [
            ":2:9: `raft.tick` must be a duration with its unit, such as 100ms or 5s, of at most ten years, not soon",
            ":3:3: there is no key `raft.tik`",
            ":4:15: `log.format` must be one of auto, compact, json, not 5",
            "SILHOUETTE__RAFT__ELECTION_TICKS: `raft.election_ticks` must be a whole number",
            "SILHOUETTE__RAF__TICK: there is no such key",
        ] {
            assert!(error.contains(part), "{part:?} is missing:\n{error}");
        }
        assert_eq!(error.lines().count(), 6, "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(&["--config", "/nowhere/node.yaml"], &[]).expect_err("there is no such file");
        assert!(error.contains("/nowhere/node.yaml"), "{error}");
    }
}
