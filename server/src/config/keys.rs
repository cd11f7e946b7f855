//! The keys that there are, taken from the types of the sections.

use schemars::{Schema, generate::SchemaSettings};
use serde_json::Value;

use super::{Configuration, kind::Kind};

/// What every variable of the environment that is a key begins with. Two underscores: for a Service named `silhouette`
/// Kubernetes gives pods `SILHOUETTE_SERVICE_HOST` and others, which are no keys.
pub(super) const VARIABLE_PREFIX: &str = "SILHOUETTE__";

/// A key: something that has a value.
#[derive(Debug)]
pub(super) struct Key {
    /// Sections and name, with dots between.
    pub(super) path: String,
    /// What it takes.
    pub(super) kind: Kind,
    /// Whether it may be `null`, which is its default then.
    pub(super) optional: bool,
    /// Its value where nobody gives one.
    pub(super) default: Value,
    /// What it does, on one line.
    pub(super) description: String,
}

impl Key {
    /// Its variable of the environment.
    pub(super) fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.path.replace('.', "__").to_uppercase())
    }

    /// The section that it is in; empty for the file itself.
    pub(super) fn section(&self) -> &str {
        split(&self.path).0
    }

    /// Its name within its section.
    pub(super) fn name(&self) -> &str {
        split(&self.path).1
    }
}

/// A section: something that has keys.
#[derive(Debug)]
pub(super) struct Section {
    /// Its sections and name, with dots between.
    pub(super) path: String,
    /// What it is about, on one line.
    pub(super) description: String,
}

/// All keys and sections, in the order of the types.
#[derive(Debug)]
pub(super) struct Keys {
    keys: Vec<Key>,
    sections: Vec<Section>,
}

impl Keys {
    /// Those of [`Configuration`].
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        let schema = settings.into_generator().into_root_schema_for::<Configuration>();
        let mut keys = Self { keys: Vec::new(), sections: Vec::new() };
        keys.collect("", schema.as_value(), &Configuration::default().to_value());
        keys
    }

    fn collect(&mut self, within: &str, schema: &Value, defaults: &Value) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            let path = join(within, name);
            let default = defaults.get(name).cloned().unwrap_or_default();
            let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
            if schema.get("properties").is_some() {
                self.sections.push(Section { path: path.clone(), description });
                self.collect(&path, schema, &default);
            } else if let Ok(schema) = Schema::try_from(schema.clone()) {
                let (kind, optional) = Kind::of(&schema);
                self.keys.push(Key { path, kind, optional, default, description });
            }
        }
    }

    /// All keys.
    pub(super) fn all(&self) -> &[Key] {
        &self.keys
    }

    /// All sections.
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The key of that path.
    pub(super) fn find(&self, path: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.path == path)
    }

    /// Whether that path is a section.
    pub(super) fn is_section(&self, path: &str) -> bool {
        self.sections.iter().any(|section| section.path == path)
    }

    /// The key or section that is most like `path`: one misspelt where it belongs, or one put in the wrong section.
    pub(super) fn nearest(&self, path: &str) -> &str {
        let sections = self.sections.iter().map(|section| section.path.as_str());
        nearest(path, sections.chain(self.keys.iter().map(|key| key.path.as_str()))).unwrap_or_default()
    }

    /// The key that is most like `path`.
    pub(super) fn nearest_key(&self, path: &str) -> Option<&Key> {
        self.find(nearest(path, self.keys.iter().map(|key| key.path.as_str()))?)
    }
}

/// A path within a section.
pub(super) fn join(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
}

fn nearest<'a>(path: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let path = path.replace('-', "_").to_lowercase();
    let (section, key) = split(&path);
    known.min_by_key(|known| {
        let whole = strsim::damerau_levenshtein(&path, known);
        let (known_section, known_key) = split(known);
        // A key that is right but for its section is nearer than any other word of that section.
        let moved = strsim::damerau_levenshtein(key, known_key) + usize::from(section != known_section);
        (whole.min(moved), whole)
    })
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_described_and_takes_something() {
        let keys = Keys::new();
        assert!(keys.all().len() > 40, "{} keys", keys.all().len());
        for key in keys.all() {
            assert!(!key.description.is_empty(), "{} has no description", key.path);
            assert_ne!(key.kind, Kind::Other, "{} takes something that messages cannot tell", key.path);
            assert!(key.optional || !key.default.is_null(), "{} has a default that it does not take", key.path);
        }
        for section in keys.sections() {
            assert!(!section.description.is_empty(), "{} has no description", section.path);
        }
    }

    #[test]
    fn kinds_come_from_types() {
        let keys = Keys::new();
        let kind = |path: &str| keys.find(path).map(|key| key.kind.clone());
        assert_eq!(kind("insecure"), Some(Kind::Boolean));
        assert_eq!(kind("raft.tick"), Some(Kind::Duration));
        assert_eq!(kind("rounds.max_workers"), Some(Kind::Whole { least: 0, most: u32::MAX.into() }));
        assert_eq!(kind("memory.budget_bytes"), Some(Kind::Whole { least: 0, most: i64::MAX.unsigned_abs() }));
        assert_eq!(kind("client.addr"), Some(Kind::Address));
        assert_eq!(kind("storage.data_dir"), Some(Kind::Text));
        assert_eq!(kind("log.format"), Some(Kind::Word(["auto", "compact", "json"].map(str::to_owned).to_vec())));
        assert_eq!(kind("raft"), None);
    }

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let keys = Keys::new();
        for (path, meant) in [
            ("nam", "name"),
            ("raft.tik", "raft.tick"),
            ("raft.election-ticks", "raft.election_ticks"),
            ("storage.datadir", "storage.data_dir"),
            ("data_dir", "storage.data_dir"),
            ("shutdown.drain_dely", "shutdown.drain_delay"),
            ("rounds.max_pair", "rounds.max_pairs"),
            ("clients", "client"),
        ] {
            assert_eq!(keys.nearest(path), meant, "{path}");
        }
        assert_eq!(keys.nearest_key("clients").map(Key::section), Some("client"));
    }
}
