//! The page of metrics, docs/operator-metrics.md: made from what the operator shows, and compared with it.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path, time::Duration};

use silhouette_telemetry::Family;

use super::{Metrics, Outcome};
use crate::{carry, look::Sight};

/// The page.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operator-metrics.md");

/// What a metric tells people, where that is more than its sentence. Alerts are proposals.
const TELLS: &[(&str, &str)] = &[
    (
        "silhouette_operator_is_leader",
        "The sum over all operators is 1. Alert: 0 for 1 minute. Clusters run on, and nobody keeps them.",
    ),
    (
        "silhouette_operator_reconciles",
        "Alert: `failed` grows for 10 minutes. The log says why, with the cluster's namespace and name.",
    ),
    (
        "silhouette_operator_clusters",
        "Alert: `Stalled` above 0; people are needed, and the condition's message says for what.",
    ),
    (
        "silhouette_operator_steps",
        "At rest none of it grows. `refused` steps are refused again until people change something.",
    ),
    ("silhouette_operator_steps_blocked", "`code` is that of `status.plan[].blockedBy`."),
    ("silhouette_operator_api_requests", "At rest only watches are begun anew, and the lease is renewed."),
    ("silhouette_operator_look_duration_seconds", "A node that hangs costs `--node-timeout`."),
];

/// The metrics that are shown once each kind of event has happened, by name.
fn entries() -> BTreeMap<String, Family> {
    let metrics = Metrics::default();
    metrics.passed(Outcome::Rested, Duration::ZERO);
    metrics.looked(Sight::Cached, Duration::ZERO);
    metrics.stepped("evict", carry::Outcome::Done);
    metrics.blocked("NoLeader");
    metrics.clusters("Ready", 1);
    metrics.called("patch", "pods", Some(200), Duration::ZERO);
    let text = metrics.to_text().expect("text is written");
    Family::all(&text)
}

fn page() -> String {
    let mut page = String::from(
        "# Metrics of the operator\n\n\
         `GET /metrics` at the operator's HTTP address (`--http-addr`), as OpenMetrics text. A stand-by shows the same with\n\
         zeros. No label tells a cluster, a pod or an object.\n\n\
         This page is generated from the code: change the metric, then run `make docs`. The nodes' own metrics are in\n\
         [metrics.md](metrics.md).\n\n\
         | name | type | labels | is | tells |\n|---|---|---|---|---|\n",
    );
    for (name, entry) in entries() {
        let labels: Vec<String> = entry.labels.iter().map(|label| format!("`{label}`")).collect();
        let tells = TELLS.iter().find(|(of, _)| *of == name).map_or("", |(_, tells)| *tells);
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {tells} |",
            entry.stored_name(&name),
            entry.kind,
            labels.join(" "),
            entry.help
        )
        .expect("a string takes any text");
    }
    page
}

#[test]
fn the_generated_page_of_the_operators_metrics_is_the_one_in_docs() {
    let page = page();
    if env::var_os("SILHOUETTE_WRITE_DOCS").is_some() {
        fs::write(Path::new(PAGE), page).expect("the page is written");
        return;
    }
    let found = fs::read_to_string(PAGE).expect("docs/operator-metrics.md can be read");
    assert!(found == page, "docs/operator-metrics.md is not what the code says: run make docs");
}

#[test]
fn what_the_catalogue_tells_of_exists_and_is_a_sentence() {
    let entries = entries();
    for (name, _) in TELLS {
        assert!(entries.contains_key(*name), "{name} is told of, and there is no such metric");
    }
    for (name, entry) in entries {
        assert!(name.starts_with("silhouette_operator_"), "{name}");
        assert!(entry.help.len() > 5 && entry.help.ends_with('.'), "{name}: help is a sentence: {}", entry.help);
    }
}
