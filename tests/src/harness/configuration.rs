//! A node's configuration file: production's defaults, with short times.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// What a node's configuration file says, and what is in its environment.
#[derive(Debug, Clone)]
pub struct Configuration {
    root: Value,
    environment: Vec<(String, String)>,
}

impl Configuration {
    /// The server's own defaults.
    pub fn defaults() -> Self {
        Self { root: Value::Object(Map::new()), environment: Vec::new() }
    }

    /// Times in which a test can wait for everything that takes time, and in which two busy cores still keep up.
    pub fn short_times() -> Self {
        Self::defaults()
            .time("raft.tick", Duration::from_millis(50))
            .time("raft.connect_timeout", Duration::from_millis(500))
            .time("raft.read_timeout", Duration::from_secs(2))
            .time("readiness.leader_silence", Duration::from_millis(1_500))
            .time("readiness.fail_hold", Duration::from_millis(500))
            .time("readiness.return_hold", Duration::from_millis(200))
            .time("readiness.disk_interval", Duration::from_millis(200))
            .time("shutdown.drain_delay", Duration::from_millis(500))
            // A log that is often compacted, so that members that were away get snapshots.
            .number("raft.compact_entries", 200)
            .number("raft.keep_entries", 20)
            .number("rounds.shred_grace_ms", 3_000)
            .number("rounds.staging_idle_ms", 20_000)
    }

    /// Sets a duration by its path, such as `raft.tick`.
    #[must_use]
    pub fn time(self, path: &str, duration: Duration) -> Self {
        self.set(path, json!(format!("{}ms", duration.as_millis())))
    }

    /// Sets a number by its path, such as `rounds.max_pairs`.
    #[must_use]
    pub fn number(self, path: &str, number: u64) -> Self {
        self.set(path, json!(number))
    }

    /// Sets any value by its path, one that does not exist included.
    #[must_use]
    pub fn set(mut self, path: &str, value: Value) -> Self {
        let mut place = &mut self.root;
        for name in path.split('.') {
            place = &mut place[name];
        }
        *place = value;
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// The variables of the environment.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// The file's text: JSON, which is YAML.
    pub fn to_yaml(&self) -> String {
        format!("{:#}\n", self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_sections() {
        let configuration = Configuration::defaults().number("rounds.max_pairs", 7).number("rounds.max_rounds", 8);
        let text: Value = serde_json::from_str(&configuration.to_yaml()).expect("it is JSON");
        assert_eq!(text, json!({"rounds": {"max_pairs": 7, "max_rounds": 8}}));
    }
}
