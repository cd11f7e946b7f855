//! What an administrator does: looking at nodes, forming a cluster, changing its members and its leader.
//!
//! Every change may be repeated: what is done already is left as it is. Changes carry the cluster's id and the
//! configuration that they were decided on; one that another administrator's change has overtaken is decided anew.

mod add;
mod admission;
mod change;
mod configuration;
mod create;
mod founding;
mod identity;
mod patience;
mod present;
mod status;
mod step;

use std::sync::Arc;

use futures::future::join_all;
use silhouette_proto::v1::{GetIdentityRequest, GetStatusRequest, MemberAction, TransferLeadershipRequest};

use self::patience::Patience;
pub use self::{
    add::Add,
    configuration::{Configuration, LogIndex, Member, Term},
    create::Create,
    identity::{Addresses, Identity, MemberState},
    status::{Check, Degradation, NodeStatus, Replication},
    step::ClusterStep,
};
use crate::{
    Address, Error, MemberId,
    network::{Call, Network, Quest, cluster},
};

const IDENTIFYING: Call = Call::reads("asking who the node is");

/// An administrator's access to a cluster; made by [`Client::cluster`](crate::Client::cluster).
///
/// ```no_run
/// use silhouette_client::Client;
///
/// # async fn run() -> Result<(), silhouette_client::Error> {
/// let client = Client::builder().endpoints(["10.0.0.1:7601", "10.0.0.2:7601", "10.0.0.3:7601"]).build()?;
/// let formed = client.cluster().create().await?;
/// println!("cluster {} has {} voters", formed.cluster, formed.voters().count());
///
/// // The disk of member 2 is lost; a new node takes its place.
/// let lost = "2".parse()?;
/// client.cluster().add(["10.0.0.4:7601".parse()?]).replaces(lost).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Cluster {
    network: Arc<Network>,
}

impl Cluster {
    pub(crate) fn new(network: Arc<Network>) -> Self {
        Self { network }
    }

    /// The endpoints that the client was given, without members that it found.
    pub fn endpoints(&self) -> Vec<Address> {
        self.network.directory().endpoints()
    }

    /// Asks a node, once, who it is. Every node answers, an uninitialised one included.
    pub async fn identity(&self, node: &Address) -> Result<Identity, Error> {
        let ask = |channel| async move { cluster(channel).get_identity(GetIdentityRequest {}).await };
        Identity::from_response(self.network.call_once(node, IDENTIFYING, ask).await?.identity)
    }

    /// Asks a node, once, for its view of itself.
    pub async fn status(&self, node: &Address) -> Result<NodeStatus, Error> {
        let call = Call::reads("asking for the node's status");
        let ask = |channel| async move { cluster(channel).get_status(GetStatusRequest {}).await };
        NodeStatus::from_response(self.network.call_once(node, call, ask).await?)
    }

    /// Asks every endpoint, and every member unless the client may not find them, for its view of itself. A node that
    /// does not answer has an error in its place.
    pub async fn statuses(&self) -> Vec<(Address, Result<NodeStatus, Error>)> {
        if self.network.settings().discover_members {
            self.network.discover().await;
        }
        let ask = |node: Address| async move {
            let status = self.status(&node).await;
            (node, status)
        };
        join_all(self.network.directory().addresses().into_iter().map(ask)).await
    }

    /// Who is in the cluster, as its leader has applied it or, without one, the node that is furthest.
    ///
    /// # Errors
    /// [`Error::Refused`] with `UNINITIALISED` if no endpoint belongs to a cluster.
    pub async fn members(&self) -> Result<Configuration, Error> {
        present::ask_all(&self.network, &mut Patience::new(&self.network)).await
    }

    /// Forms a cluster of the client's endpoints: 1, 3 or 5 uninitialised nodes. Started by `.await`.
    ///
    /// It asks every endpoint first and changes nothing unless all are uninitialised, or [`Create::cluster_id`] names
    /// a cluster that was begun and is resumed.
    ///
    /// # Errors
    /// [`Error::Precondition`] if an endpoint belongs to a cluster already; [`Error::Unreachable`] if one cannot be
    /// asked. Once the first endpoint is told, any error leaves the cluster half formed: resume it by its id, which
    /// [`ClusterStep::Named`] tells.
    pub fn create<'a>(&self) -> Create<'a> {
        Create::new(Arc::clone(&self.network))
    }

    /// Adds nodes as voters: each becomes a learner, and once all hold everything they are promoted together. Started
    /// by `.await`.
    ///
    /// # Errors
    /// [`Error::Precondition`] if a node belongs to another cluster, or if two voters would result;
    /// [`Error::Refused`] with `NOT_CAUGHT_UP` if a learner did not catch up in time: repeat the call.
    pub fn add<'a>(&self, nodes: impl IntoIterator<Item = Address>) -> Add<'a> {
        Add::new(Arc::clone(&self.network), nodes.into_iter().collect())
    }

    /// Removes members, together. Their numbers are never used again, and their disks have to be emptied before the
    /// nodes join any cluster. A member that was removed before is no error.
    ///
    /// # Errors
    /// [`Error::Refused`] with `MEMBER_NOT_FOUND`, or `CHANGE_UNSAFE` if two voters would be left, no live quorum, or
    /// a Ready round with a minority only.
    pub async fn remove(&self, members: impl IntoIterator<Item = MemberId>) -> Result<Configuration, Error> {
        let leaving: Vec<_> = members.into_iter().collect();
        if leaving.is_empty() {
            return Err(Error::InvalidArgument("no member to remove is named".to_owned()));
        }
        let (network, what) = (&self.network, "removing members");
        let mut patience = Patience::new(network);
        let remove = |member: &MemberId| (*member, MemberAction::Remove);
        // All are named at first, so that the cluster itself says which it never had.
        let all = |_: &Configuration| leaving.iter().map(remove).collect();
        match change::carry_out(network, &mut patience, what, all, &mut |_| ()).await {
            Err(Error::Refused(refusal)) if refusal.reason() == "REMOVED" => {
                let rest = |present: &Configuration| {
                    let is_left = |member: &&MemberId| present.member(**member).is_some();
                    leaving.iter().filter(is_left).map(remove).collect()
                };
                change::carry_out(network, &mut patience, what, rest, &mut |_| ()).await
            }
            outcome => outcome,
        }
    }

    /// Hands leadership to a voter, or to the most advanced one beside the leader, and waits until it leads. A member
    /// that leads already stays.
    ///
    /// # Errors
    /// [`Error::Refused`] with `MEMBER_NOT_FOUND`, or if the member does not vote.
    pub async fn transfer_leader(&self, to: Option<MemberId>) -> Result<MemberId, Error> {
        let id = self.members().await?.cluster;
        let ask = |channel| {
            let member_id = to.map_or(0, MemberId::get);
            let request = TransferLeadershipRequest { cluster_id: id.to_string(), member_id };
            async move { cluster(channel).transfer_leadership(request).await }
        };
        let response = self.network.call(Call::changes("transferring leadership"), ask).await?;
        MemberId::new(response.leader_id).ok_or_else(|| Error::inconsistent("the answer", "it names no leader"))
    }
}

/// Asks a node who it is, until it answers or `patience` has passed.
async fn identify(network: &Arc<Network>, node: &Address, patience: &Patience) -> Result<Identity, Error> {
    let ask = |channel| async move { cluster(channel).get_identity(GetIdentityRequest {}).await };
    let quest = Quest::at(network, node.clone(), IDENTIFYING, patience.left());
    Identity::from_response(quest.answer(ask).await?.identity)
}
