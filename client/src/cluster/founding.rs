//! Whether a cluster may be formed of some nodes. Pure.

use super::{Identity, MemberState};
use crate::{Address, ClusterId, Error};

/// How a cluster is formed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Founding {
    /// All nodes are uninitialised.
    Anew,
    /// It was begun: the node at this place among the endpoints votes already.
    Resumed {
        /// Place of a node that votes.
        voter: usize,
    },
}

/// Decides from who every endpoint is, and from the cluster that shall be formed or resumed, if it is named.
pub(super) fn decide(nodes: &[(Address, Identity)], named: Option<&ClusterId>) -> Result<Founding, Error> {
    if !matches!(nodes.len(), 1 | 3 | 5) {
        let found = nodes.len();
        return Err(Error::InvalidArgument(format!("a cluster is formed of 1, 3 or 5 endpoints, not of {found}")));
    }
    for (place, (node, identity)) in nodes.iter().enumerate() {
        if let Some((twin, _)) = nodes[..place].iter().find(|(_, other)| other.instance == identity.instance) {
            return Err(Error::InvalidArgument(format!("{twin} and {node} are the same node")));
        }
    }
    for (node, identity) in nodes {
        let state = identity.state;
        match (&identity.cluster, named) {
            (None, _) if state == MemberState::Uninitialised => {}
            (Some(cluster), Some(named)) if cluster == named && state != MemberState::Removed => {}
            (cluster, _) => {
                let cluster = cluster.as_ref().map_or_else(String::new, |id| format!(" of cluster {id}"));
                let problem = format!("{node} is {state}{cluster} already, so no cluster is formed of it");
                return Err(Error::precondition("ALREADY_INITIALISED", problem));
            }
        }
    }
    if nodes.iter().all(|(_, identity)| identity.state == MemberState::Uninitialised) {
        return Ok(Founding::Anew);
    }
    let voter = nodes.iter().position(|(_, identity)| identity.state == MemberState::Voter);
    let voter = voter.ok_or_else(|| {
        Error::precondition("NO_VOTER", "no endpoint votes in the cluster that is to be resumed".to_owned())
    })?;
    Ok(Founding::Resumed { voter })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8, state: MemberState, cluster: Option<&str>) -> (Address, Identity) {
        let identity = Identity {
            instance: format!("{number:032x}"),
            state,
            cluster: cluster.map(|id| id.parse().expect("an id")),
            member: None,
            name: format!("node-{number}"),
            addresses: super::super::Addresses::default(),
            version: String::new(),
        };
        (format!("node-{number}:1").parse().expect("an address"), identity)
    }

    fn blank(number: u8) -> (Address, Identity) {
        node(number, MemberState::Uninitialised, None)
    }

    fn reason(outcome: Result<Founding, Error>) -> String {
        outcome.expect_err("refused").reason().to_owned()
    }

    #[test]
    fn blank_nodes_form_a_new_cluster() {
        let id = "c1".parse().expect("an id");
        assert_eq!(decide(&[blank(1)], None).expect("allowed"), Founding::Anew);
        assert_eq!(decide(&[blank(1), blank(2), blank(3)], Some(&id)).expect("allowed"), Founding::Anew);
    }

    #[test]
    fn a_member_among_them_stops_everything_unless_its_cluster_is_named() {
        let (id, other) = ("c1".parse().expect("an id"), "c2".parse().expect("an id"));
        let nodes = [blank(1), node(2, MemberState::Voter, Some("c1")), node(3, MemberState::Joining, Some("c1"))];
        assert_eq!(reason(decide(&nodes, None)), "ALREADY_INITIALISED");
        assert_eq!(reason(decide(&nodes, Some(&other))), "ALREADY_INITIALISED");
        assert_eq!(decide(&nodes, Some(&id)).expect("resumed"), Founding::Resumed { voter: 1 });
        let removed = [node(1, MemberState::Removed, Some("c1"))];
        assert_eq!(reason(decide(&removed, Some(&id))), "ALREADY_INITIALISED");
    }

    #[test]
    fn a_cluster_that_lost_its_voter_is_not_founded_a_second_time() {
        let id = "c1".parse().expect("an id");
        let nodes = [blank(1), node(2, MemberState::Joining, Some("c1")), node(3, MemberState::Joining, Some("c1"))];
        assert_eq!(reason(decide(&nodes, Some(&id))), "NO_VOTER");
    }

    #[test]
    fn the_number_of_nodes_is_odd_and_each_counts_once() {
        assert_eq!(reason(decide(&[], None)), "INVALID_ARGUMENT");
        assert_eq!(reason(decide(&[blank(1), blank(2)], None)), "INVALID_ARGUMENT");
        assert_eq!(reason(decide(&[blank(1), blank(2), blank(1)], None)), "INVALID_ARGUMENT");
    }
}
