//! Edge lists as SNAP publishes them: `#` comments, then two vertex numbers a line.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::graph::Graph;

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Graph> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read graph {}", path.display()))?;
    parse(&text).with_context(|| format!("{} is not an edge list", path.display()))
}

fn parse(text: &str) -> Result<Graph> {
    let mut edges = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            edges.push(edge(line).with_context(|| format!("line {number} is not two vertex numbers"))?);
        }
    }
    let graph = Graph::of_edges(edges);
    ensure!(graph.order() > 0, "it has no edges");
    Ok(graph)
}

fn edge(line: &str) -> Result<(u64, u64)> {
    let mut numbers = line.split_whitespace().map(str::parse);
    let one = numbers.next().context("the first is missing")??;
    let other = numbers.next().context("the second is missing")??;
    Ok((one, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_tabs_and_both_directions_are_understood() -> Result<()> {
        let graph = parse("# Nodes: 3\r\n0\t1\r\n1 0\n\n1  2\n")?;
        assert_eq!((graph.order(), graph.size()), (3, 2));
        Ok(())
    }

    #[test]
    fn what_is_no_edge_is_named_by_its_line() {
        let error = parse("0 1\n2 x\n").expect_err("x is no number");
        assert!(format!("{error:#}").starts_with("line 2 is not two vertex numbers"), "{error:#}");
        assert!(parse("# nothing\n").is_err());
    }
}
