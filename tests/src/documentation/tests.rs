//! What holds for all pages, without running anything.

use std::{collections::BTreeSet, fs};

use super::{
    links::{Link, anchors, links},
    page::{Page, root},
};

/// Blocks of scripts that are not run: page, a line of it, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    ("README.md", "make demo", "it is the whole of the demonstration, minutes on a small machine"),
    ("README.md", "make test", "it is what runs this test"),
    ("docs/development.md", "make test-documentation", "it runs the pages, this one among them"),
    ("docs/development.md", "cargo test --release", "it is a part of what runs this test"),
    ("docs/operator.md", "silhouette-operator crd", "it takes a Kubernetes: tests/kubernetes runs each of them there"),
    ("docs/telemetry.md", "grep 5f3a0c1e9b7d2468", "the request and the files are those of a reader"),
];

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let broken: Vec<String> = Page::all().expect("the pages can be read").iter().flat_map(broken_links).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What is wrong with a page's links.
fn broken_links(page: &Page) -> Vec<String> {
    let folder = page.path.parent().expect("a page is in a folder");
    let wrong = |link: Link| {
        let place = format!("{}, line {}: {}", page.name, link.line, link.path);
        let target = if link.path.is_empty() { page.path.clone() } else { folder.join(&link.path) };
        if !target.exists() {
            return Some(format!("{place} does not exist"));
        }
        let anchor = link.anchor?;
        let found = fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(&anchor));
        (!found).then(|| format!("{place} has no heading #{anchor}"))
    };
    links(&page.text).into_iter().filter_map(wrong).collect()
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md can be read");
    let linked: Vec<_> = links(&readme).into_iter().map(|link| link.path).collect();
    for page in Page::all().expect("the pages can be read") {
        assert!(page.name == "README.md" || linked.contains(&page.name), "README.md has no link to {}", page.name);
    }
}

#[test]
fn every_script_that_is_not_run_is_listed_with_the_reason() {
    let mut listed: Vec<_> = NOT_RUN.to_vec();
    for page in Page::all().expect("the pages can be read") {
        for block in page.blocks().expect("the page is well-formed").iter().filter(|block| block.is_script()) {
            let at = listed.iter().position(|(name, line, _)| {
                *name == page.name && block.lines.iter().any(|other| other.starts_with(line))
            });
            let place = format!("{}, line {}", page.name, block.line);
            assert!(at.is_some(), "{place}: make it a `console` block, so that it runs, or list it here with a reason");
            listed.swap_remove(at.unwrap_or_default());
        }
    }
    assert!(listed.is_empty(), "these are listed and not there: {listed:?}");
}

/// Names within a text: of calls, metrics and the like.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || ['.', '/', '_'].contains(&c);
    text.split(move |c| !is_of_name(c)).map(|word| word.trim_matches(['.', '/']))
}

#[test]
fn every_metric_that_a_page_names_is_in_the_catalogue() {
    let pages = Page::all().expect("the pages can be read");
    let catalogues = pages.iter().filter(|page| ["docs/metrics.md", "docs/operator-metrics.md"].contains(&&*page.name));
    let known: BTreeSet<&str> = catalogues.flat_map(|page| words(&page.text)).collect();
    assert!(!known.is_empty(), "there are catalogues");
    let families = ["silhouette_", "grpc_server_", "process_"];
    // Modules, as filters of logs name them, and a name's beginning within a pattern.
    let is_none =
        |word: &str| ["silhouette_server", "silhouette_client", "silhouette_operator", "silhouette_"].contains(&word);
    for page in &pages {
        for word in words(&page.text) {
            let is_metric = families.iter().any(|family| word.starts_with(family)) && !is_none(word);
            assert!(
                !is_metric || known.contains(word),
                "{} names {word}, which neither a node nor the operator tells",
                page.name
            );
        }
    }
}

#[test]
fn every_call_is_shown_in_the_page_of_the_interface() {
    let pages = Page::all().expect("the pages can be read");
    let page = pages.iter().find(|page| page.name == "docs/api.md").expect("there is docs/api.md");
    let mut shown = BTreeSet::new();
    for block in page.blocks().expect("the page is well-formed").iter().filter(|block| block.is_session()) {
        for command in block.commands().expect("it is a session") {
            shown.extend(words(&command.text).map(str::to_owned));
        }
    }
    for service in ["Rounds", "Retrieval", "Cluster"] {
        let file = root().join(format!("proto/silhouette/v1/{}.proto", service.to_lowercase()));
        let text = fs::read_to_string(&file).expect("the interface can be read");
        let calls = text.lines().filter_map(|line| line.trim().strip_prefix("rpc ")?.split('(').next());
        for call in calls {
            let name = format!("silhouette.v1.{service}/{call}");
            assert!(shown.contains(&name), "docs/api.md shows no grpcurl of {name}");
        }
    }
}
