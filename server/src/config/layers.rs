//! Puts what was given over the defaults, and remembers where each value came from.

use serde_json::Value;

use super::{Configuration, Effective, Origin, Problem, keys::Keys, yaml};

/// A value that was given for a key, and where.
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// The key's path.
    pub(super) path: String,
    /// What was given.
    pub(super) value: Value,
    /// Where it was given.
    pub(super) origin: Origin,
}

/// What results so far.
pub(super) struct Layers<'a> {
    keys: &'a Keys,
    values: Value,
    effective: Effective,
}

impl<'a> Layers<'a> {
    /// The defaults alone.
    pub(super) fn new(keys: &'a Keys) -> Self {
        let effective = Effective::default();
        Self { keys, values: effective.configuration.to_value(), effective }
    }

    /// Puts a layer over what results so far, and names each value that its key does not take. One value at a time, so
    /// that a refusal is about that value, and all of them are found.
    pub(super) fn add(&mut self, layer: Vec<Given>, problems: &mut Vec<Problem>) {
        for Given { path, value, origin } in layer {
            let Some(key) = self.keys.find(&path) else { continue };
            let mut values = self.values.clone();
            set(&mut values, &path, value.clone());
            match serde_json::from_value::<Configuration>(values.clone()) {
                Ok(configuration) => {
                    self.values = values;
                    self.effective.configuration = configuration;
                    self.effective.origins.set(path, origin);
                }
                Err(_) => problems.push(Problem::wrong_value(origin, key, yaml::write(&value))),
            }
        }
    }

    /// The result.
    pub(super) fn finish(self) -> Effective {
        self.effective
    }
}

fn set(values: &mut Value, path: &str, value: Value) {
    let mut place = values;
    for name in path.split('.') {
        place = &mut place[name];
    }
    *place = value;
}
