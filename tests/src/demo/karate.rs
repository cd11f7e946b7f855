//! Zachary's karate club: who of its 34 members were friends (W. W. Zachary, An Information Flow Model for Conflict
//! and Fission in Small Groups, Journal of Anthropological Research 33, 1977). 78 friendships, stated as facts.

use super::graph::Graph;

/// Each member's friends of higher number.
const FRIENDS: [(u64, &[u64]); 26] = [
    (1, &[2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 18, 20, 22, 32]),
    (2, &[3, 4, 8, 14, 18, 20, 22, 31]),
    (3, &[4, 8, 9, 10, 14, 28, 29, 33]),
    (4, &[8, 13, 14]),
    (5, &[7, 11]),
    (6, &[7, 11, 17]),
    (7, &[17]),
    (9, &[31, 33, 34]),
    (10, &[34]),
    (14, &[34]),
    (15, &[33, 34]),
    (16, &[33, 34]),
    (19, &[33, 34]),
    (20, &[34]),
    (21, &[33, 34]),
    (23, &[33, 34]),
    (24, &[26, 28, 30, 33, 34]),
    (25, &[26, 28, 32]),
    (26, &[32]),
    (27, &[30, 34]),
    (28, &[34]),
    (29, &[32, 34]),
    (30, &[33, 34]),
    (31, &[33, 34]),
    (32, &[33, 34]),
    (33, &[34]),
];

/// The club.
pub(super) fn graph() -> Graph {
    Graph::of_edges(FRIENDS.iter().flat_map(|&(member, friends)| friends.iter().map(move |&friend| (member, friend))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_club_is_the_one_of_the_literature() {
        let club = graph();
        assert_eq!((club.order(), club.size()), (34, 78));
        // The instructor, the president, and the member with one friend.
        assert_eq!((club.degree(1), club.degree(34), club.degree(12)), (16, 17, 1));
    }
}
