//! The page of events, docs/operator-events.md: made from the list of reasons, and compared with it.

use std::{env, fmt::Write as _, fs};

use kube::runtime::events::EventType;

use super::Reason;

/// The page.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operator-events.md");

fn page() -> String {
    let mut page = String::from(
        "# Events of the operator\n\n\
         `kubectl describe slc NAME` shows them, and so does `kubectl events --for slc/NAME`. An event tells that something\n\
         happened: a step was carried out, or a condition changed. At rest none is written, and the same sentence is not\n\
         told twice within ten minutes. What is waited for is no event: the conditions tell it, and `status.plan`.\n\n\
         This page is generated from the code: change the reason, then run `make docs`.\n\n\
         | reason | type | when |\n|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let severity = match reason.severity() {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        };
        writeln!(page, "| `{}` | {severity} |{} |", reason.as_str(), reason.when()).expect("a string takes any text");
    }
    page
}

#[test]
fn the_generated_page_of_events_is_the_one_in_docs() {
    let page = page();
    if env::var_os("SILHOUETTE_WRITE_DOCS").is_some() {
        fs::write(PAGE, page).expect("the page is written");
        return;
    }
    let found = fs::read_to_string(PAGE).expect("docs/operator-events.md can be read");
    assert!(found == page, "docs/operator-events.md is not what the code says: run make docs");
}
