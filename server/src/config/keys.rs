//! Finds keys of a configuration file that do not exist, and what was probably meant.

use serde_yaml::{Mapping, Value};

/// A sentence for each key of `given` that `known` does not have. `known` is a whole configuration, defaults filled in.
pub(super) fn unknown_keys(given: &Value, known: &Value) -> Vec<String> {
    let all = paths(known, "");
    let mut sentences = Vec::new();
    if let (Value::Mapping(given), Value::Mapping(known)) = (given, known) {
        compare(given, known, "", &all, &mut sentences);
    }
    sentences
}

fn compare(given: &Mapping, known: &Mapping, within: &str, all: &[String], sentences: &mut Vec<String>) {
    for (key, value) in given {
        let name = key.as_str().map_or_else(|| format!("{key:?}"), str::to_owned);
        let path = join(within, &name);
        match (known.get(key), value) {
            (None, _) => {
                let nearest = nearest(&path, all);
                sentences.push(format!("unknown key `{path}`; did you mean `{nearest}`?"));
            }
            (Some(Value::Mapping(known)), Value::Mapping(given)) => compare(given, known, &path, all, sentences),
            (Some(_), _) => {}
        }
    }
}

/// All paths of a configuration, sections included.
fn paths(value: &Value, within: &str) -> Vec<String> {
    let Value::Mapping(mapping) = value else { return Vec::new() };
    mapping
        .iter()
        .filter_map(|(key, value)| Some((join(within, key.as_str()?), value)))
        .flat_map(|(path, value)| {
            let below = paths(value, &path);
            std::iter::once(path).chain(below)
        })
        .collect()
}

fn join(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
}

/// The known path that is most like `path`: a key misspelt where it belongs, or one put in the wrong section.
fn nearest<'a>(path: &str, all: &'a [String]) -> &'a str {
    let path = path.replace('-', "_").to_lowercase();
    let distance = |known: &&String| {
        let whole = strsim::damerau_levenshtein(&path, known);
        let (known_section, known_key) = split(known);
        let (section, key) = split(&path);
        // A key that is right but for its section is nearer than any other word of that section.
        let moved = strsim::damerau_levenshtein(key, known_key) + usize::from(section != known_section);
        (whole.min(moved), whole)
    };
    all.iter().min_by_key(distance).map_or("", String::as_str)
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Configuration;

    fn sentences(yaml: &str) -> Vec<String> {
        let known = serde_yaml::to_value(Configuration::default()).expect("the default configuration is YAML");
        unknown_keys(&serde_yaml::from_str(yaml).expect("the test's YAML parses"), &known)
    }

    #[test]
    fn each_unknown_key_names_the_nearest_known_one() {
        for (yaml, meant) in [
            ("nam: a", "name"),
            ("raft: {tik: 1s}", "raft.tick"),
            ("raft: {election-ticks: 5}", "raft.election_ticks"),
            ("storage: {datadir: /x}", "storage.data_dir"),
            ("data_dir: /x", "storage.data_dir"),
            ("shutdown: {drain_dely: 1s}", "shutdown.drain_delay"),
            ("rounds: {max_pair: 3}", "rounds.max_pairs"),
            ("clients: {addr: x}", "client"),
        ] {
            let sentences = sentences(yaml);
            assert_eq!(sentences.len(), 1, "{yaml}");
            assert!(sentences[0].ends_with(&format!("did you mean `{meant}`?")), "{yaml}: {}", sentences[0]);
        }
    }

    #[test]
    fn all_unknown_keys_are_named_at_once() {
        assert_eq!(sentences("a: 1\nraft: {b: 2, tick: 1s}\nc: {d: 3}").len(), 3);
    }

    #[test]
    fn every_known_key_is_known() {
        let whole = serde_yaml::to_string(&Configuration::default()).expect("the default configuration is YAML");
        assert_eq!(sentences(&whole), Vec::<String>::new());
    }
}
