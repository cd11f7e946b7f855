//! The tables of limits in docs/api.md, from the types that hold them.

use std::fmt::Write as _;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::json;

use super::{
    generated_page::check_part,
    refusal::{NodeLimit, Reason, Refusal},
};
use crate::{config::LimitsSection, state::Limits};

/// What a call that would cross a limit is refused with. Times are no limits and refuse nothing.
fn reasons(setting: &str) -> Vec<Reason> {
    if let Some(limit) = NodeLimit::ALL.into_iter().find(|limit| limit.setting() == setting) {
        return vec![Refusal::LimitReached { limit, allowed: 0 }.reason()];
    }
    match setting {
        // A spec that asks for more; publications that bring more.
        "rounds.max_pairs" => vec![Reason::InvalidRequest, Reason::TooManyPairs],
        "rounds.max_value_bytes" | "rounds.max_workers" => vec![Reason::InvalidRequest],
        "rounds.max_key_bytes" => vec![Reason::KeyTooLong],
        "rounds.max_chunk_bytes" => vec![Reason::ChunkTooLarge],
        "rounds.max_open_rounds" => vec![Reason::TooManyOpenRounds],
        "rounds.max_rounds" => vec![Reason::TooManyRounds],
        "rounds.max_bytes_per_round" => vec![Reason::RoundTooLarge],
        "rounds.tombstone_ms" => vec![Reason::RoundIdRetired],
        "limits.message_bytes" => vec![Reason::MessageTooLarge],
        _ => Vec::new(),
    }
}

/// A table of the keys of a section of the configuration, by name.
fn table<T: JsonSchema + Serialize + Default>(section: &str) -> String {
    let schema = schema_for!(T).to_value();
    let defaults = json!(T::default());
    let mut table = "| key | default | beyond it | is |\n|---|---|---|---|\n".to_owned();
    for (key, default) in defaults.as_object().expect("a section has keys") {
        let setting = format!("{section}.{key}");
        let does =
            schema["properties"][key]["description"].as_str().unwrap_or_else(|| panic!("{setting} says what it does"));
        let does = does.replace('\n', " ");
        let reasons: Vec<_> = reasons(&setting).into_iter().map(|reason| format!("`{}`", reason.as_str())).collect();
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let (reasons, does) = (reasons.join(", "), does.trim_end_matches('.'));
        writeln!(table, "| `{setting}` | {default} | {reasons} | {does} |").expect("a text takes all writes");
    }
    table
}

#[test]
fn the_generated_page_lists_every_limit() {
    check_part("api.md", "limits of rounds", &table::<Limits>("rounds"));
    check_part("api.md", "limits of a node", &table::<LimitsSection>("limits"));
}

#[test]
fn every_bound_of_rounds_has_a_reason() {
    let limits = json!(Limits::default());
    let bounds = limits.as_object().expect("limits are a document").keys().filter(|key| key.starts_with("max_"));
    for bound in bounds.filter(|bound| *bound != "max_reseals") {
        assert!(!reasons(&format!("rounds.{bound}")).is_empty(), "{bound}");
    }
}
