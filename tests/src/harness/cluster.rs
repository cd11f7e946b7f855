//! Several nodes of one cluster.

use std::{net::IpAddr, path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use silhouette_client::Client;
use silhouette_proto::v1;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    addresses::{Addresses, own_host},
    configuration::Configuration,
    control::Control,
    isolation::{self, Place},
    node::Node,
    waiting::eventually,
};

/// Lines of each node's log that a failed test shows.
const SHOWN_LINES: usize = 15;
/// A node that takes longer than this to say whom it follows is not counted: a paused one accepts calls too.
const VIEW_TIMEOUT: Duration = Duration::from_secs(1);

/// Nodes with data directories of their own in one temporary folder.
///
/// A test that passes says so by [`passed`](Self::passed). Otherwise the folder is kept and the logs' ends are shown.
#[derive(Debug)]
#[must_use = "say passed() when the test has passed"]
pub struct Cluster {
    nodes: Vec<Node>,
    configuration: Configuration,
    host: IpAddr,
    folder: Option<TempDir>,
}

impl Cluster {
    /// Three nodes that run and form a cluster, all ready, with short times.
    pub async fn of_three() -> Result<Self> {
        Self::of(3, Configuration::short_times()).await
    }

    /// This many nodes that run and form a cluster, all ready.
    pub async fn of(size: usize, configuration: Configuration) -> Result<Self> {
        let mut cluster = Self::unformed(size, configuration).await?;
        cluster.form().await?;
        Ok(cluster)
    }

    /// Nodes that run and belong to no cluster yet.
    pub async fn unformed(size: usize, configuration: Configuration) -> Result<Self> {
        let mut cluster = Self::empty(configuration)?;
        for _ in 0..size {
            cluster.add_node().await?;
        }
        Ok(cluster)
    }

    /// Three nodes in places of their own, formed. Call in an isolated test.
    pub async fn in_places(configuration: Configuration) -> Result<Self> {
        let mut cluster = Self::empty(configuration)?;
        for (number, place) in (1..).zip(isolation::places(3)?) {
            cluster.nodes.push(cluster.placed(number, place)?);
        }
        for node in &mut cluster.nodes {
            node.start().await?;
        }
        cluster.form().await?;
        Ok(cluster)
    }

    /// Nodes that do not run yet.
    pub fn unstarted(size: usize, configuration: Configuration) -> Result<Self> {
        let mut cluster = Self::empty(configuration)?;
        for _ in 0..size {
            let node = cluster.next_node()?;
            cluster.nodes.push(node);
        }
        Ok(cluster)
    }

    fn empty(configuration: Configuration) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("silhouette-").tempdir().context("cannot make a folder")?;
        Ok(Self { nodes: Vec::new(), configuration, host: own_host(), folder: Some(folder) })
    }

    fn placed(&self, number: usize, place: Place) -> Result<Node> {
        Node::placed(self.folder().join(format!("node{number}")), place, &self.configuration)
    }

    fn next_node(&self) -> Result<Node> {
        let folder = self.folder().join(format!("node{}", self.nodes.len() + 1));
        Node::new(folder, Addresses::free_at(self.host)?, &self.configuration)
    }

    /// Runs one more node, which belongs to no cluster yet; its index.
    pub async fn add_node(&mut self) -> Result<usize> {
        let mut node = self.next_node()?;
        node.start().await?;
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// `silhouettectl cluster create` over all nodes, then waits until all are ready.
    pub async fn form(&mut self) -> Result<()> {
        self.control().run(&["cluster", "create"]).await?.succeeded()?;
        self.all_ready().await
    }

    /// Waits until every running node is ready.
    pub async fn all_ready(&self) -> Result<()> {
        for node in self.nodes.iter().filter(|node| node.is_up()) {
            node.ready().await.with_context(|| format!("its log ends so:\n{}", node.log_tail(SHOWN_LINES)))?;
        }
        Ok(())
    }

    /// Waits until every running node is ready and holds every Ready round: nobody is catching up any more.
    pub async fn settled(&self) -> Result<()> {
        self.all_ready().await?;
        for node in self.nodes.iter().filter(|node| node.is_up()) {
            eventually(&format!("{} holds every Ready round", node.name()), async || {
                let wire = node.wire()?;
                let rounds = wire.list().await?;
                let ready = rounds.iter().filter(|round| round.phase() == v1::Phase::Ready).count();
                let held = wire.status().await?.rounds_held as usize;
                ensure!(held == ready, "it holds {held} of {ready}");
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// The folder that holds every node's folder.
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// All nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A node by its index.
    pub fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// A node by its index, to start and stop it.
    pub fn node_mut(&mut self, index: usize) -> &mut Node {
        &mut self.nodes[index]
    }

    /// Client addresses of all nodes.
    pub fn endpoints(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.addresses().client.to_string()).collect()
    }

    /// A client of all nodes.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::builder().endpoints(self.endpoints()).build()?)
    }

    /// A client that knows and asks this node alone.
    pub fn client_of(&self, index: usize) -> Result<Client> {
        let endpoint = self.nodes[index].addresses().client.to_string();
        Ok(Client::builder().endpoint(endpoint).discover_members(false).build()?)
    }

    /// The command line, aimed at all nodes.
    pub fn control(&self) -> Control {
        Control::new(self.endpoints())
    }

    /// Waits until a majority of the running nodes name the same leader and it agrees; its index.
    pub async fn leader(&self) -> Result<usize> {
        eventually("a leader is known", async || {
            let mut views = Vec::new();
            for (index, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.is_up()) {
                // Not every node has to answer: one may be paused or cut off.
                if let Ok(Ok(status)) = timeout(VIEW_TIMEOUT, node.wire()?.status()).await {
                    views.push((index, status));
                }
            }
            let leads = |status: &v1::GetStatusResponse| {
                status.identity.as_ref().is_some_and(|identity| identity.member_id == status.leader_id)
            };
            // Two may believe that they lead; the later term is right.
            let leader = views.iter().filter(|(_, status)| leads(status)).max_by_key(|(_, status)| status.term);
            let (index, leader) = leader.context("nobody leads")?;
            let followers =
                views.iter().filter(|(_, status)| status.term == leader.term && status.leader_id == leader.leader_id);
            ensure!(followers.count() * 2 > self.nodes.len(), "not yet followed by a majority");
            Ok(*index)
        })
        .await
    }

    /// An index of a node that does not lead.
    pub async fn follower(&self) -> Result<usize> {
        let leader = self.leader().await?;
        (0..self.nodes.len()).find(|&index| index != leader).context("a cluster of one has no follower")
    }

    /// Kills a node, gives it an empty disk, and lets the new instance take its place.
    pub async fn replace(&mut self, index: usize) -> Result<()> {
        let member = self.nodes[index].wire()?.identity().await.map(|identity| identity.member_id);
        let node = &mut self.nodes[index];
        let member = match member {
            Ok(member) => member,
            Err(error) => return Err(error).with_context(|| format!("{} does not say who it is", node.name())),
        };
        node.wipe()?;
        node.start().await?;
        let endpoint = node.addresses().client.to_string();
        self.admit(&endpoint, Some(member)).await
    }

    /// `silhouettectl cluster add`, repeated until it is done: it may meet an election, or be told to repeat.
    pub async fn admit(&self, endpoint: &str, replaces: Option<u64>) -> Result<()> {
        let others: Vec<_> = self.endpoints().into_iter().filter(|other| other != endpoint).collect();
        let replaced = replaces.map(|member| member.to_string());
        let mut arguments = vec!["cluster", "add", endpoint];
        if let Some(member) = &replaced {
            arguments.extend(["--replaces", member]);
        }
        let control = Control::new(others);
        eventually(&format!("{endpoint} is admitted"), async || control.run(&arguments).await?.succeeded()).await?;
        eventually(&format!("{endpoint} votes"), async || {
            let identity = super::wire::connect(endpoint)?.identity().await?;
            ensure!(identity.state() == v1::MemberState::Voter, "it is {:?}", identity.state());
            Ok(())
        })
        .await
    }

    /// The test has passed: nothing of the cluster is worth keeping.
    pub fn passed(mut self) {
        self.end_all();
        self.folder = None;
    }

    fn end_all(&mut self) {
        for node in &mut self.nodes {
            if node.is_up() {
                let _ = node.kill();
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end_all();
        let Some(folder) = self.folder.take() else { return };
        for node in &self.nodes {
            eprintln!("--- the log of {} ends so:\n{}", node.name(), node.log_tail(SHOWN_LINES));
        }
        eprintln!("--- everything is kept in {}", folder.keep().display());
    }
}
