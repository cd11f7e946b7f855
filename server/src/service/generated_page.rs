//! Parts of the documentation that are written from the code, so that they cannot differ from it.
//!
//! A part stands between the comments `<!-- generated: NAME -->` and `<!-- end: NAME -->`. A test whose name contains
//! `generated_page` compares it with what the code says; `make docs` runs these tests with `SILHOUETTE_WRITE_DOCS=1`,
//! which makes them write it.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Makes tests write pages.
const WRITE: &str = "SILHOUETTE_WRITE_DOCS";

/// Tests run beside each other, and several parts may be of one page.
static PAGES: Mutex<()> = Mutex::new(());

/// Compares the part `name` of the page `docs/PAGE` with `text`, or writes it.
pub(super) fn check_part(page: &str, name: &str, text: &str) {
    let _held = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let old = fs::read_to_string(&path).expect("the page can be read");
    let new = with_part(&old, name, text).unwrap_or_else(|| panic!("docs/{page} has no place for {name}"));
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, new).expect("the page can be written");
    } else {
        assert!(old == new, "docs/{page} differs from the code in {name}; write it with: make docs");
    }
}

/// The page with the part replaced; none if there is no place for it.
fn with_part(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end: {name} -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{text}{end}{after}"))
}

#[test]
fn the_part_of_a_page_is_replaced_and_nothing_else() {
    let page = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb\n";
    assert_eq!(with_part(page, "x", "new\n").as_deref(), Some("a\n<!-- generated: x -->\nnew\n<!-- end: x -->\nb\n"));
    assert_eq!(with_part(page, "y", "new\n"), None);
}
