//! Durations in the configuration: `100ms`, `5s`, `1h 30m`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes a duration as people do.
pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_duration(*duration))
}

/// Reads a duration with its unit.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)
        .map_err(|_| D::Error::custom("a duration needs a number and a unit, such as 100ms or 5s"))?;
    humantime::parse_duration(&text)
        .map_err(|error| D::Error::custom(format!("{text:?} is not a duration such as 100ms or 5s: {error}")))
}
