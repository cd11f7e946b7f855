//! A simple undirected graph, and what the demonstration computes of it, in plain.

use std::collections::{BTreeMap, BTreeSet};

/// A graph without loops and parallel edges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Graph {
    neighbours: BTreeMap<u64, BTreeSet<u64>>,
}

/// A mean as the fraction that it is, so that two of them can be compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mean {
    /// Sum of what was counted.
    pub(super) sum: u64,
    /// How many were counted.
    pub(super) count: u64,
}

impl Graph {
    /// The graph of these edges. An edge given twice, in whatever direction, is one edge; loops are left out.
    pub(super) fn of_edges(edges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut graph = Self::default();
        for (one, other) in edges.into_iter().filter(|(one, other)| one != other) {
            graph.neighbours.entry(one).or_default().insert(other);
            graph.neighbours.entry(other).or_default().insert(one);
        }
        graph
    }

    /// All vertices, in order.
    pub(super) fn vertices(&self) -> impl Iterator<Item = u64> {
        self.neighbours.keys().copied()
    }

    /// How many vertices it has.
    pub(super) fn order(&self) -> usize {
        self.neighbours.len()
    }

    /// How many edges it has.
    pub(super) fn size(&self) -> usize {
        self.neighbours.values().map(BTreeSet::len).sum::<usize>() / 2
    }

    /// The neighbours of a vertex.
    pub(super) fn neighbours(&self, vertex: u64) -> impl Iterator<Item = u64> {
        self.neighbours.get(&vertex).into_iter().flatten().copied()
    }

    /// How many neighbours a vertex has.
    pub(super) fn degree(&self, vertex: u64) -> u64 {
        self.neighbours.get(&vertex).map_or(0, |neighbours| neighbours.len() as u64)
    }

    /// The mean degree of the neighbours of these vertices, each neighbour counted once for each vertex it is next to.
    pub(super) fn mean_neighbour_degree(&self, vertices: &[u64]) -> Mean {
        let neighbours = vertices.iter().flat_map(|&vertex| self.neighbours(vertex));
        Mean::of(neighbours.map(|neighbour| self.degree(neighbour)))
    }
}

impl Mean {
    /// The mean of these.
    pub(super) fn of(values: impl IntoIterator<Item = u64>) -> Self {
        values.into_iter().fold(Self::default(), |mean, value| Self { sum: mean.sum + value, count: mean.count + 1 })
    }
}

impl std::fmt::Display for Mean {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.count == 0 { f.write_str("none") } else { write!(f, "{:.3}", self.sum as f64 / self.count as f64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_and_repeated_edges_do_not_count() {
        let graph = Graph::of_edges([(1, 2), (2, 1), (1, 1), (2, 3)]);
        assert_eq!((graph.order(), graph.size()), (3, 2));
        assert_eq!((graph.degree(1), graph.degree(2), graph.degree(9)), (1, 2, 0));
    }

    #[test]
    fn the_mean_neighbour_degree_of_a_path_is_known() {
        // 1 - 2 - 3: 1 and 3 see a vertex of degree 2, 2 sees two of degree 1.
        let path = Graph::of_edges([(1, 2), (2, 3)]);
        assert_eq!(path.mean_neighbour_degree(&[1, 3]), Mean { sum: 4, count: 2 });
        assert_eq!(path.mean_neighbour_degree(&[2]), Mean { sum: 2, count: 2 });
    }
}
