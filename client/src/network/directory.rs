//! The nodes that a client knows, their connections and their health.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tonic::transport::Channel;

use super::Address;

/// How long a node that failed is asked after all others.
const PENALTY: Duration = Duration::from_secs(5);
/// How often the cluster's members are asked for while all is well.
const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
/// How often they are asked for after a failure.
const REFRESH_INTERVAL_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Nodes by address: the endpoints that the user named, and the members that they named.
#[derive(Debug)]
pub(crate) struct Directory {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    nodes: Vec<Node>,
    leader: Option<Address>,
    /// Who comes first, to spread calls over the nodes.
    turn: usize,
    refreshed: Option<Instant>,
    /// Whether some node has named the cluster's members.
    knows_members: bool,
    failed_since: bool,
}

#[derive(Debug)]
struct Node {
    address: Address,
    endpoint: bool,
    channel: Option<Channel>,
    failed: Option<Instant>,
}

impl Node {
    fn new(address: Address, endpoint: bool) -> Self {
        Self { address, endpoint, channel: None, failed: None }
    }
}

impl Directory {
    /// The endpoints; calls begin at the `turn`-th.
    pub(crate) fn new(endpoints: Vec<Address>, turn: usize) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        for address in endpoints {
            if nodes.iter().all(|node| node.address != address) {
                nodes.push(Node::new(address, true));
            }
        }
        let inner = Inner { nodes, leader: None, turn, refreshed: None, knows_members: false, failed_since: false };
        Self { inner: Mutex::new(inner) }
    }

    /// All nodes, best first: the leader if it is preferred, then each in turn, those that failed lately last.
    pub(crate) fn candidates(&self, prefer_leader: bool, now: Instant) -> Vec<Address> {
        let mut inner = self.inner.lock();
        inner.turn = inner.turn.wrapping_add(1);
        let first = inner.turn % inner.nodes.len();
        let mut nodes: Vec<&Node> = inner.nodes[first..].iter().chain(&inner.nodes[..first]).collect();
        let leader = inner.leader.as_ref().filter(|_| prefer_leader);
        let failed = |node: &Node| node.failed.is_some_and(|failed| now.duration_since(failed) < PENALTY);
        nodes.sort_by_key(|node| (failed(node), Some(&node.address) != leader));
        nodes.into_iter().map(|node| node.address.clone()).collect()
    }

    /// The endpoints that the user named.
    pub(crate) fn endpoints(&self) -> Vec<Address> {
        self.inner.lock().nodes.iter().filter(|node| node.endpoint).map(|node| node.address.clone()).collect()
    }

    /// All nodes, in the order in which they became known.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.inner.lock().nodes.iter().map(|node| node.address.clone()).collect()
    }

    /// The leader as last heard of.
    pub(crate) fn leader(&self) -> Option<Address> {
        self.inner.lock().leader.clone()
    }

    /// Whether a node has ever named the cluster's members, so that there is a cluster.
    pub(crate) fn knows_members(&self) -> bool {
        self.inner.lock().knows_members
    }

    /// A node says that this one leads.
    pub(crate) fn set_leader(&self, leader: &Address) {
        let mut inner = self.inner.lock();
        inner.node(leader);
        inner.leader = Some(leader.clone());
    }

    /// The cluster's members are these. Nodes that are neither members nor endpoints are forgotten.
    pub(crate) fn set_members(&self, members: &[Address], leader: Option<Address>, now: Instant) {
        let mut inner = self.inner.lock();
        inner.nodes.retain(|node| node.endpoint || members.contains(&node.address));
        for member in members {
            inner.node(member);
        }
        inner.leader = leader.filter(|leader| members.contains(leader));
        inner.refreshed = Some(now);
        inner.knows_members = true;
        inner.failed_since = false;
    }

    /// Whether the members should be asked for now. Says so once an interval.
    pub(crate) fn begin_refresh(&self, now: Instant) -> bool {
        let mut inner = self.inner.lock();
        let interval = if inner.failed_since { REFRESH_INTERVAL_AFTER_FAILURE } else { REFRESH_INTERVAL };
        let due = inner.refreshed.is_none_or(|refreshed| now.duration_since(refreshed) >= interval);
        if due {
            inner.refreshed = Some(now);
        }
        due
    }

    /// The connection to a node, if there is one.
    pub(crate) fn channel(&self, address: &Address) -> Option<Channel> {
        self.inner.lock().nodes.iter().find(|node| node.address == *address)?.channel.clone()
    }

    /// Keeps a connection for further calls, if the node is one of the cluster's. One that is asked whether it could
    /// become a member is not: it may belong to another cluster.
    pub(crate) fn keep(&self, address: &Address, channel: Channel) {
        if let Some(node) = self.inner.lock().known(address) {
            node.channel = Some(channel);
        }
    }

    /// A node answered.
    pub(crate) fn answered(&self, address: &Address) {
        if let Some(node) = self.inner.lock().known(address) {
            node.failed = None;
        }
    }

    /// A node could not be reached or did not answer; its connection is not used again.
    pub(crate) fn failed(&self, address: &Address, now: Instant) {
        let mut inner = self.inner.lock();
        let Some(node) = inner.known(address) else { return };
        node.channel = None;
        node.failed = Some(now);
        inner.suspect(address);
    }

    /// A node answered that it cannot serve; it is asked last for a while.
    pub(crate) fn refused(&self, address: &Address, now: Instant) {
        let mut inner = self.inner.lock();
        let Some(node) = inner.known(address) else { return };
        node.failed = Some(now);
        inner.suspect(address);
    }
}

impl Inner {
    fn known(&mut self, address: &Address) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|node| node.address == *address)
    }

    /// The members may have changed, and a leader that does not serve leads no more.
    fn suspect(&mut self, address: &Address) {
        self.failed_since = true;
        if self.leader.as_ref() == Some(address) {
            self.leader = None;
        }
    }

    fn node(&mut self, address: &Address) -> &mut Node {
        let index = self.nodes.iter().position(|node| node.address == *address).unwrap_or_else(|| {
            self.nodes.push(Node::new(address.clone(), false));
            self.nodes.len() - 1
        });
        &mut self.nodes[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str) -> Address {
        format!("{name}:1").parse().expect("an address")
    }

    fn directory(names: &[&str]) -> Directory {
        // The first call adds one to the turn.
        Directory::new(names.iter().map(|name| address(name)).collect(), usize::MAX)
    }

    fn names(addresses: &[Address]) -> String {
        addresses.iter().map(|address| &address.as_str()[..1]).collect()
    }

    #[test]
    fn calls_are_spread_over_the_nodes() {
        let directory = directory(&["a", "b", "c"]);
        let orders: Vec<_> = (0..4).map(|_| names(&directory.candidates(false, Instant::now()))).collect();
        assert_eq!(orders, ["abc", "bca", "cab", "abc"]);
    }

    #[test]
    fn the_leader_comes_first_where_it_is_preferred() {
        let directory = directory(&["a", "b", "c"]);
        directory.set_leader(&address("b"));
        assert_eq!(names(&directory.candidates(true, Instant::now())), "bac");
        assert_eq!(names(&directory.candidates(false, Instant::now())), "bca");
        directory.failed(&address("b"), Instant::now());
        assert_eq!(directory.leader(), None);
    }

    #[test]
    fn a_node_that_failed_comes_last_for_a_while() {
        let directory = directory(&["a", "b", "c"]);
        let now = Instant::now();
        directory.failed(&address("a"), now);
        assert_eq!(names(&directory.candidates(false, now)), "bca");
        assert_eq!(names(&directory.candidates(false, now)), "bca");
        assert_eq!(names(&directory.candidates(false, now + PENALTY)), "cab");
        directory.answered(&address("a"));
        assert_eq!(names(&directory.candidates(false, now)), "abc");
    }

    #[test]
    fn members_join_the_endpoints_and_leave_again() {
        let directory = directory(&["a"]);
        let now = Instant::now();
        directory.set_members(&[address("b"), address("c")], Some(address("c")), now);
        assert_eq!(names(&directory.addresses()), "abc");
        assert_eq!(directory.leader(), Some(address("c")));
        directory.set_members(&[address("b")], None, now);
        assert_eq!(names(&directory.addresses()), "ab");
        assert_eq!(names(&directory.endpoints()), "a");
    }

    #[test]
    fn members_are_asked_for_at_first_then_seldom_and_sooner_after_a_failure() {
        let directory = directory(&["a"]);
        let now = Instant::now();
        assert!(directory.begin_refresh(now));
        assert!(!directory.begin_refresh(now));
        assert!(!directory.begin_refresh(now + REFRESH_INTERVAL_AFTER_FAILURE));
        directory.failed(&address("a"), now);
        assert!(directory.begin_refresh(now + REFRESH_INTERVAL_AFTER_FAILURE));
        directory.set_members(&[address("b")], None, now);
        assert!(!directory.begin_refresh(now + REFRESH_INTERVAL_AFTER_FAILURE));
        assert!(directory.begin_refresh(now + REFRESH_INTERVAL));
    }

    #[test]
    fn a_leader_that_cannot_serve_leads_no_more_and_the_members_are_asked_for_soon() {
        let directory = directory(&["a", "b"]);
        let now = Instant::now();
        assert!(!directory.knows_members());
        directory.set_members(&[address("a"), address("b")], Some(address("b")), now);
        directory.refused(&address("b"), now);
        assert!(directory.knows_members());
        assert_eq!(directory.leader(), None);
        assert!(directory.begin_refresh(now + REFRESH_INTERVAL_AFTER_FAILURE));
    }

    #[test]
    fn a_stranger_that_was_asked_something_is_not_taken_for_a_member() {
        let directory = directory(&["a"]);
        directory.answered(&address("x"));
        directory.refused(&address("x"), Instant::now());
        directory.failed(&address("x"), Instant::now());
        assert_eq!(names(&directory.addresses()), "a");
    }
}
