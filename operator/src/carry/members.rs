//! Calls to nodes: founding, numbers, membership, leadership.

use super::Error;
use crate::{
    api::SilhouetteCluster,
    ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId, Ordinal},
    look::{self, SILENT_AFTER},
    nodes::Node,
    plan::MemberChange,
    surroundings::Surroundings,
};

/// The nodes of a resource.
pub(super) struct Members<'a> {
    pub(super) surroundings: &'a Surroundings,
    pub(super) resource: &'a SilhouetteCluster,
}

impl Members<'_> {
    /// Founds a cluster on a disk, if it is still this one and empty.
    pub(super) async fn bootstrap(
        &self,
        ordinal: Ordinal,
        instance: &InstanceId,
        cluster: &ClusterId,
        initial_members: u32,
    ) -> Result<(), Error> {
        Ok(self.node(ordinal).await?.bootstrap(cluster, instance, initial_members).await?)
    }

    /// Gives the node at a place a number, if its disk is still this one.
    pub(super) async fn allocate(
        &self,
        cluster: &ClusterId,
        ordinal: Ordinal,
        instance: &InstanceId,
        replaces: Option<MemberId>,
    ) -> Result<(), Error> {
        let newcomer = self.node(ordinal).await?.ask().await?.identity;
        if newcomer.instance_id != instance.0 {
            return Err(Error::Changed { object: format!("the disk of {}", newcomer.name) });
        }
        self.leader(cluster).await?.allocate_member(cluster, &newcomer, replaces).await?;
        Ok(())
    }

    /// Tells the node at a place its number, if its disk is still this one.
    pub(super) async fn join(
        &self,
        cluster: &ClusterId,
        ordinal: Ordinal,
        instance: &InstanceId,
        member: MemberId,
    ) -> Result<(), Error> {
        Ok(self.node(ordinal).await?.join(cluster, instance, member).await?)
    }

    /// Changes who replicates and who votes, if the configuration is still the one that was seen. How long a voter that
    /// is replaced has been silent the leader counts once more: one that was when this was planned may have come back.
    pub(super) async fn change(
        &self,
        cluster: &ClusterId,
        index: ConfigurationIndex,
        changes: &[(MemberId, MemberChange)],
    ) -> Result<(), Error> {
        Ok(self.leader(cluster).await?.change_members(cluster, index, changes, SILENT_AFTER).await?)
    }

    /// Hands leadership to a voter.
    pub(super) async fn transfer_leadership(&self, cluster: &ClusterId, to: MemberId) -> Result<(), Error> {
        Ok(self.leader(cluster).await?.transfer_leadership(cluster, to).await?)
    }

    async fn node(&self, ordinal: Ordinal) -> Result<Node, Error> {
        Ok(look::node(self.surroundings, self.resource, ordinal).await?)
    }

    async fn leader(&self, cluster: &ClusterId) -> Result<Node, Error> {
        Ok(look::leader(self.surroundings, self.resource, cluster).await?)
    }
}
