//! Adding voters.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use super::{
    ClusterStep, Configuration, Identity, MemberState,
    admission::{Admission, Observe},
    create::identify_all,
    patience::Patience,
    present,
};
use crate::{Address, Error, MemberId, network::Network, request::identified};

/// Adds nodes as voters; made by [`Cluster::add`](super::Cluster::add), started by `.await`.
#[must_use = "it adds nodes when it is awaited"]
pub struct Add<'a> {
    network: Arc<Network>,
    nodes: Vec<Address>,
    replaces: Option<MemberId>,
    observe: Observe<'a>,
}

impl<'a> Add<'a> {
    pub(super) fn new(network: Arc<Network>, nodes: Vec<Address>) -> Self {
        Self { network, nodes, replaces: None, observe: Box::new(|_| ()) }
    }

    /// The node, which must be the only one, takes the place of this member: it is removed in the change that lets
    /// the node vote. Its own node may be gone.
    pub fn replaces(mut self, member: MemberId) -> Self {
        self.replaces = Some(member);
        self
    }

    /// Calls this with each step.
    pub fn on_step(mut self, observe: impl FnMut(&ClusterStep) + Send + 'a) -> Self {
        self.observe = Box::new(observe);
        self
    }

    /// Asks every node, as adding does first, and changes nothing: the present configuration. An error is the one with
    /// which adding would end before anything is changed; the cluster may refuse more.
    pub async fn check(self) -> Result<Configuration, Error> {
        let patience = &mut Patience::new(&self.network);
        decide(&self.network, self.nodes, self.replaces, patience).await.map(|(configuration, _)| configuration)
    }

    async fn run(mut self) -> Result<Configuration, Error> {
        let network = &self.network;
        let mut patience = Patience::new(network);
        let (configuration, nodes) = decide(network, self.nodes, self.replaces, &mut patience).await?;
        let admission = Admission { network, cluster: &configuration.cluster, nodes: &nodes, replaces: self.replaces };
        admission.run(&mut patience, &mut self.observe).await
    }
}

impl<'a> IntoFuture for Add<'a> {
    type Output = Result<Configuration, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        identified(self.run())
    }
}

impl fmt::Debug for Add<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Add").field("nodes", &self.nodes).field("replaces", &self.replaces).finish_non_exhaustive()
    }
}

/// Asks every node and the cluster, and decides whether the nodes can be admitted.
async fn decide(
    network: &Arc<Network>,
    nodes: Vec<Address>,
    replaces: Option<MemberId>,
    patience: &mut Patience,
) -> Result<(Configuration, Vec<(Address, Identity)>), Error> {
    let nodes = identify_all(network, nodes, patience).await?;
    let configuration = present::ask_all(network, patience).await?;
    check(&configuration, &nodes, replaces)?;
    Ok((configuration, nodes))
}

/// Whether the nodes can be admitted, as far as it can be seen before anything is changed. Pure.
fn check(present: &Configuration, nodes: &[(Address, Identity)], replaces: Option<MemberId>) -> Result<(), Error> {
    if nodes.is_empty() {
        return Err(Error::InvalidArgument("no node to add is named".to_owned()));
    }
    for (place, (node, identity)) in nodes.iter().enumerate() {
        if let Some((twin, _)) = nodes[..place].iter().find(|(_, other)| other.instance == identity.instance) {
            return Err(Error::InvalidArgument(format!("{twin} and {node} are the same node")));
        }
        if identity.state == MemberState::Removed {
            let problem = format!("{node} was removed from its cluster; it needs an empty data directory");
            return Err(Error::precondition("REMOVED", problem));
        }
        if let Some(cluster) = identity.cluster.as_ref().filter(|cluster| **cluster != present.cluster) {
            let problem = format!("{node} belongs to cluster {cluster}, not to {}", present.cluster);
            return Err(Error::precondition("ALREADY_INITIALISED", problem));
        }
    }
    if let Some(replaced) = replaces {
        check_replaced(present, nodes, replaced)?;
    }
    let votes = |instance: &str| present.voters().any(|voter| voter.instance == instance);
    let staying = present.voters().filter(|voter| Some(voter.id) != replaces).count();
    let coming = nodes.iter().filter(|(_, identity)| !votes(&identity.instance)).count();
    if coming > 0 && staying + coming == 2 {
        let problem = "two voters would result, which tolerate fewer failures than one; add two nodes together";
        return Err(Error::precondition("CHANGE_UNSAFE", problem.to_owned()));
    }
    Ok(())
}

/// The replaced member is one, or the node has taken its place before.
fn check_replaced(present: &Configuration, nodes: &[(Address, Identity)], replaced: MemberId) -> Result<(), Error> {
    let [(node, identity)] = nodes else {
        return Err(Error::InvalidArgument("one node takes a member's place, not several".to_owned()));
    };
    if identity.member == Some(replaced) {
        return Err(Error::InvalidArgument(format!("{node} is member {replaced} itself")));
    }
    let took = present.of_instance(&identity.instance).is_some_and(|member| member.replaces == Some(replaced));
    if !took && present.member(replaced).is_none() {
        let problem = format!("cluster {} has no member {replaced} that could be replaced", present.cluster);
        return Err(Error::precondition("MEMBER_NOT_FOUND", problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use MemberState::{Learner, Uninitialised, Voter};

    use super::*;
    use crate::cluster::{
        Addresses,
        configuration::tests::{configuration, id},
    };

    fn node(number: u64, state: MemberState, cluster: Option<&str>) -> (Address, Identity) {
        let identity = Identity {
            instance: format!("{number:032x}"),
            state,
            cluster: cluster.map(|id| id.parse().expect("an id")),
            member: cluster.and(MemberId::new(number)),
            name: format!("node-{number}"),
            addresses: Addresses::default(),
            version: String::new(),
        };
        (format!("node-{number}:1").parse().expect("an address"), identity)
    }

    fn reason(outcome: Result<(), Error>) -> String {
        outcome.expect_err("refused").reason().to_owned()
    }

    #[test]
    fn two_voters_never_result() {
        let one = configuration(&[Voter]);
        let (second, third) = (node(2, Uninitialised, None), node(3, Uninitialised, None));
        assert_eq!(reason(check(&one, std::slice::from_ref(&second), None)), "CHANGE_UNSAFE");
        check(&one, &[second, third.clone()], None).expect("three voters");
        check(&one, &[third], Some(id(1))).expect("one voter");
    }

    #[test]
    fn a_node_of_another_cluster_or_a_removed_one_is_not_added() {
        let three = configuration(&[Voter; 3]);
        assert_eq!(reason(check(&three, &[node(9, Voter, Some("c2"))], None)), "ALREADY_INITIALISED");
        assert_eq!(reason(check(&three, &[node(9, MemberState::Removed, Some("c1"))], None)), "REMOVED");
        assert_eq!(reason(check(&three, &[], None)), "INVALID_ARGUMENT");
        let twice = [node(9, Uninitialised, None), node(9, Uninitialised, None)];
        assert_eq!(reason(check(&three, &twice, None)), "INVALID_ARGUMENT");
    }

    #[test]
    fn only_a_member_can_be_replaced_and_only_by_one_other_node() {
        let three = configuration(&[Voter; 3]);
        let fresh = node(9, Uninitialised, None);
        check(&three, std::slice::from_ref(&fresh), Some(id(2))).expect("allowed");
        assert_eq!(reason(check(&three, std::slice::from_ref(&fresh), Some(id(7)))), "MEMBER_NOT_FOUND");
        assert_eq!(reason(check(&three, &[fresh, node(8, Uninitialised, None)], Some(id(2)))), "INVALID_ARGUMENT");
        assert_eq!(reason(check(&three, &[node(2, Voter, Some("c1"))], Some(id(2)))), "INVALID_ARGUMENT");
    }

    #[test]
    fn a_replacement_that_was_begun_or_done_may_be_repeated() {
        let mut done = configuration(&[Voter, Voter, Voter, Voter]);
        done.members[3].replaces = Some(id(2));
        done.members.remove(1);
        check(&done, &[node(4, Voter, Some("c1"))], Some(id(2))).expect("repeated");
        let begun = configuration(&[Voter, Voter, Voter, Learner]);
        check(&begun, &[node(4, Learner, Some("c1"))], Some(id(2))).expect("resumed");
    }
}
