//! A graph whose degrees follow a power law, grown by preferential attachment (Barabási and Albert, Emergence of
//! Scaling in Random Networks, Science 286, 1999): the same one each time.

use super::graph::Graph;

const VERTICES: u64 = 1_500;
/// Edges that a new vertex brings.
const EDGES_PER_VERTEX: usize = 4;
const SEED: u64 = 1999;

/// Grows the graph.
pub(super) fn generate() -> Graph {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut edges = Vec::new();
    // Every end of every edge: a vertex of degree d is in it d times, so a uniform choice prefers the well connected.
    let mut ends = Vec::new();
    for vertex in 0..VERTICES {
        let chosen: Vec<u64> = if vertex as usize <= EDGES_PER_VERTEX {
            (0..vertex).collect()
        } else {
            (0..EDGES_PER_VERTEX).map(|_| ends[random.usize(..ends.len())]).collect()
        };
        for other in chosen {
            edges.push((vertex, other));
            ends.extend([vertex, other]);
        }
    }
    Graph::of_edges(edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_each_time_and_has_few_hubs() {
        let graph = generate();
        assert_eq!(graph, generate());
        assert_eq!(graph.order() as u64, VERTICES);
        let mut degrees: Vec<_> = graph.vertices().map(|vertex| graph.degree(vertex)).collect();
        degrees.sort_unstable();
        assert!(degrees[degrees.len() / 2] <= 6, "half of the vertices have few neighbours");
        assert!(degrees.last().is_some_and(|&most| most > 60), "a hub has many");
    }
}
