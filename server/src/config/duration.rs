//! Durations in the configuration: `100ms`, `5s`, `1h 30m`.

use std::{borrow::Cow, fmt, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserializer, Serializer,
    de::{Error, Visitor},
};

/// Longer ones are mistakes, and adding them to a time could overflow.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// How a [`Duration`] is written in the configuration, for `#[serde(with = "WithUnit")]`: with its unit. A type and not
/// a module, so that the schema of the configuration knows such keys, too.
pub(super) struct WithUnit;

impl WithUnit {
    /// The schema's name of such text.
    pub(super) const FORMAT: &str = "duration";

    /// Writes a duration as people do.
    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*duration))
    }

    /// Reads a duration with its unit.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for WithUnit {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": Self::FORMAT})
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        match humantime::parse_duration(text) {
            Ok(duration) if duration <= LONGEST => Ok(duration),
            Ok(_) => Err(E::custom("longer than ten years")),
            Err(error) => Err(E::custom(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Duration, String> {
        WithUnit::deserialize(serde_json::Value::from(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn durations_have_units_and_an_end() {
        assert_eq!(read("1m 500ms"), Ok(Duration::from_millis(60_500)));
        assert_eq!(read("3650d"), Ok(LONGEST));
        for wrong in ["", "5", "soon", "-1s", "3651d", "99999999999999999999y", "5 s5"] {
            assert!(read(wrong).is_err(), "{wrong:?} is accepted");
        }
        assert!(WithUnit::deserialize(serde_json::Value::from(5)).is_err(), "a number has no unit");
    }
}
