//! The table of limits in docs/api.md, from the types that hold them.

use std::fmt::Write as _;

use schemars::schema_for;
use serde_json::{Value, json};

use super::{generated_page::check_part, refusal::Reason};
use crate::state::Limits;

/// What a call that would cross a limit is refused with. Times are no limits and refuse nothing.
fn reasons(key: &str) -> &'static [Reason] {
    match key {
        // A spec that asks for more; publications that bring more.
        "max_pairs" => &[Reason::InvalidRequest, Reason::TooManyPairs],
        "max_value_bytes" | "max_workers" => &[Reason::InvalidRequest],
        "max_key_bytes" => &[Reason::KeyTooLong],
        "max_chunk_bytes" => &[Reason::ChunkTooLarge],
        "max_open_rounds" => &[Reason::TooManyOpenRounds],
        "max_rounds" => &[Reason::TooManyRounds],
        "max_bytes_per_round" => &[Reason::RoundTooLarge],
        "tombstone_ms" => &[Reason::RoundIdRetired],
        _ => &[],
    }
}

/// Rows for the keys of a section of the configuration, by name.
fn rows(table: &mut String, section: &str, schema: &Value, defaults: &Value) {
    let keys = defaults.as_object().expect("a section has keys");
    for (key, default) in keys {
        let does =
            schema["properties"][key]["description"].as_str().unwrap_or_else(|| panic!("{key} says what it does"));
        let does = does.replace('\n', " ");
        let reasons: Vec<_> = reasons(key).iter().map(|reason| format!("`{}`", reason.as_str())).collect();
        let (reasons, does) = (reasons.join(", "), does.trim_end_matches('.'));
        writeln!(table, "| `{section}.{key}` | {default} | {reasons} | {does} |").expect("a text takes all writes");
    }
}

#[test]
fn the_generated_page_lists_every_limit() {
    let mut table = "| key | default | beyond it | is |\n|---|---|---|---|\n".to_owned();
    let schema = serde_json::to_value(schema_for!(Limits)).expect("a schema is a document");
    rows(&mut table, "rounds", &schema, &json!(Limits::default()));
    check_part("api.md", "limits", &table);
}

#[test]
fn every_bound_of_rounds_has_a_reason() {
    let limits = json!(Limits::default());
    let bounds = limits.as_object().expect("limits are a document").keys().filter(|key| key.starts_with("max_"));
    for bound in bounds.filter(|bound| *bound != "max_reseals") {
        assert!(!reasons(bound).is_empty(), "{bound}");
    }
}
