//! Links of pages, and the anchors that they lead to.

/// A link of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Line of the page, from 1.
    pub line: usize,
    /// Path as written; empty for the page itself.
    pub path: String,
    /// Anchor without its `#`, if there is one.
    pub anchor: Option<String>,
}

/// Links to files and anchors of this repository; links to other sites are left out.
pub fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    for (line, content) in prose(text) {
        for rest in content.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = match target.split_once('#') {
                Some((path, anchor)) => (path, Some(anchor.to_owned())),
                None => (target, None),
            };
            found.push(Link { line, path: path.to_owned(), anchor });
        }
    }
    found
}

/// The anchors of a page's headings, as code hosts make them.
pub fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let anchor: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        // The second heading of the same words is told apart by a number.
        let before = anchors.iter().filter(|other| **other == anchor).count();
        anchors.push(if before == 0 { anchor } else { format!("{anchor}-{before}") });
    }
    anchors
}

/// Lines outside of fenced blocks, with code within lines removed.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut fenced = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if line.starts_with('#') && !fenced {
            // Code in a heading is a part of its anchor.
            lines.push((number, line.to_owned()));
        } else if !fenced {
            // Within a link's title code is harmless, and a link's target is never code.
            let without_code: String = line.split('`').step_by(2).collect();
            lines.push((number, without_code));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_of_code() {
        let text =
            "[a](b.md#c-d), [`x`](y/) and [z](#here)\n```\n[no](no.md)\n```\n`[no](no.md)` [web](https://x.y/z#a)\n";
        let found = links(text);
        let paths: Vec<_> = found.iter().map(|link| (link.line, link.path.as_str(), link.anchor.as_deref())).collect();
        assert_eq!(paths, [(1, "b.md", Some("c-d")), (1, "y/", None), (1, "", Some("here"))]);
    }

    #[test]
    fn headings_become_anchors() {
        let text = "# A page\n## What's `this`, then?\n### C++\n#no heading\n```\n# comment\n```\n## A page\n";
        assert_eq!(anchors(text), ["a-page", "whats-this-then", "c", "a-page-1"]);
    }
}
