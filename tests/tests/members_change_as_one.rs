//! What an operator does to members: each change is one step that either happens whole or not at all, and is refused
//! where the operator has seen something else than there is.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, ensure};
use silhouette_client::{Mode, RoundSpec};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    node::Node,
    rounds::{check_answers, published},
    waiting::eventually,
    wire::{Wire, refused},
};
use tonic::Code;

/// Tells a node its number, and adds it to the configuration as a learner.
async fn learn(leader: &Wire, node: &Node, replaces: u64) -> Result<u64> {
    let wire = node.wire()?;
    let identity = wire.identity().await?;
    let cluster_id = leader.configuration().await?.cluster_id;
    let allocation = v1::AllocateMemberRequest {
        cluster_id: cluster_id.clone(),
        instance_id: identity.instance_id.clone(),
        name: identity.name,
        addresses: identity.addresses,
        replaces,
    };
    let member_id = leader.cluster.clone().allocate_member(allocation).await?.into_inner().member_id;
    let join = v1::JoinRequest { cluster_id, instance_id: identity.instance_id, member_id };
    wire.cluster.clone().join(join).await?;
    change(leader, &[(member_id, v1::MemberAction::AddLearner)], Duration::ZERO).await?;
    Ok(member_id)
}

/// One change, as of the configuration that the node tells.
async fn change(
    wire: &Wire,
    parts: &[(u64, v1::MemberAction)],
    replaced_silence: Duration,
) -> Result<v1::Configuration> {
    let seen = wire.configuration().await?;
    let request = v1::ChangeMembersRequest {
        cluster_id: seen.cluster_id,
        expected_conf_index: seen.conf_index,
        changes: parts
            .iter()
            .map(|(member_id, action)| v1::MemberChange { member_id: *member_id, action: (*action).into() })
            .collect(),
        replaced_silent_ms: u64::try_from(replaced_silence.as_millis())?,
    };
    let response = wire.cluster.clone().change_members(request).await?;
    response.into_inner().configuration.context("a change tells its configuration")
}

/// What the leader says of each other member.
async fn progress(leader: &Wire) -> Result<BTreeMap<u64, v1::Progress>> {
    let status = leader.status().await?;
    ensure!(!status.progress.is_empty(), "it does not lead");
    Ok(status.progress.into_iter().map(|progress| (progress.member_id, progress)).collect())
}

/// Waits until these may be promoted, by the leader's word.
async fn caught_up(leader: &Wire, members: &[u64]) -> Result<()> {
    eventually("learners have caught up", async || {
        let progress = progress(leader).await?;
        ensure!(members.iter().all(|member| progress.get(member).is_some_and(|of| of.caught_up)), "{progress:?}");
        Ok(())
    })
    .await
}

fn voters(configuration: &v1::Configuration) -> Vec<u64> {
    let voters = configuration.members.iter().filter(|member| member.state() == v1::MemberState::Voter);
    voters.map(|member| member.member_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_are_promoted_as_one_and_two_removed_as_one() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let (uid, pairs) = published(&cluster, "kept", &RoundSpec::for_workers(1), 1).await?;
    let added = [cluster.add_node().await?, cluster.add_node().await?];
    let leader = cluster.node(cluster.leader().await?).wire()?;
    let mut learners = Vec::new();
    for index in added {
        learners.push(learn(&leader, cluster.node(index), 0).await?);
    }
    caught_up(&leader, &learners).await?;
    let promotion: Vec<_> = learners.iter().map(|member| (*member, v1::MemberAction::Promote)).collect();
    let before = leader.configuration().await?;
    let grown = change(&leader, &promotion, Duration::ZERO).await?;
    ensure!(voters(&grown).len() == 5 && !grown.joint, "{grown:?}");
    ensure!(grown.conf_index > before.conf_index, "the index tells changes apart");
    for index in added {
        check_answers(&cluster.client_of(index)?, uid, &pairs, Mode::Pir).await.context("who votes serves")?;
    }

    // The same change again was seen at another index.
    let stale = v1::ChangeMembersRequest {
        cluster_id: before.cluster_id.clone(),
        expected_conf_index: before.conf_index,
        changes: learners
            .iter()
            .map(|member| v1::MemberChange { member_id: *member, action: v1::MemberAction::Remove.into() })
            .collect(),
        replaced_silent_ms: 0,
    };
    let refusal = refused(leader.cluster.clone().change_members(stale).await)?;
    ensure!((refusal.reason.as_str(), refusal.code) == ("CONFIGURATION_CHANGED", Code::Aborted), "{refusal:?}");
    ensure!(refusal.metadata["confIndex"] == grown.conf_index.to_string(), "{refusal:?}");

    let removal: Vec<_> = learners.iter().map(|member| (*member, v1::MemberAction::Remove)).collect();
    let shrunk = change(&leader, &removal, Duration::ZERO).await?;
    ensure!(voters(&shrunk) == voters(&before) && !shrunk.joint, "{shrunk:?}");
    for index in added {
        let wire = cluster.node(index).wire()?;
        eventually("a removed node knows", async || {
            let identity = wire.identity().await?;
            ensure!(identity.state() == v1::MemberState::Removed, "it is {:?}", identity.state());
            Ok(())
        })
        .await?;
    }
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voter_is_replaced_in_one_change_once_it_was_silent() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let (uid, pairs) = published(&cluster, "kept", &RoundSpec::for_workers(1), 1).await?;
    let index = cluster.follower().await?;
    let replaced = cluster.node(index).wire()?.identity().await?.member_id;
    let added = cluster.add_node().await?;
    let leader = cluster.node(cluster.leader().await?).wire()?;
    let successor = learn(&leader, cluster.node(added), replaced).await?;
    caught_up(&leader, &[successor]).await?;
    let parts = [(successor, v1::MemberAction::Promote), (replaced, v1::MemberAction::Remove)];

    // Longer than this test may take: whoever is heard of stays, whatever the caller believes.
    let before = leader.configuration().await?;
    let status = change(&leader, &parts, Duration::from_hours(1)).await.err().context("it was heard of")?;
    let refusal = refused::<()>(Err(status.downcast()?))?;
    ensure!((refusal.reason.as_str(), refusal.code) == ("MEMBER_ACTIVE", Code::FailedPrecondition), "{refusal:?}");
    ensure!(refusal.metadata["memberId"] == replaced.to_string(), "{refusal:?}");
    ensure!(leader.configuration().await? == before, "nothing has changed");

    cluster.node_mut(index).kill()?;
    let silence = Duration::from_secs(3);
    eventually("the leader hears nothing of it", async || {
        let of = progress(&leader).await?.remove(&replaced).context("it is still a member")?;
        ensure!(!of.active && of.silent_ms >= silence.as_millis() as u64, "{of:?}");
        Ok(())
    })
    .await?;
    let after = change(&leader, &parts, silence).await?;
    let mut expected = voters(&before);
    expected.retain(|member| *member != replaced);
    expected.push(successor);
    ensure!(voters(&after) == expected, "{after:?}");
    cluster.node(added).ready().await?;
    check_answers(&cluster.client_of(added)?, uid, &pairs, Mode::Pir).await?;
    // It comes back with its disk, and is told.
    cluster.node_mut(index).start().await?;
    eventually("the replaced node knows", async || {
        let identity = cluster.node(index).wire()?.identity().await?;
        ensure!(identity.state() == v1::MemberState::Removed && identity.member_id == replaced, "{identity:?}");
        Ok(())
    })
    .await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_name_another_cluster_change_nothing() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let blank = cluster.add_node().await?;
    let identity = cluster.node(blank).wire()?.identity().await?;
    let leader = cluster.node(cluster.leader().await?).wire()?;
    let before = leader.configuration().await?;
    let mut admin = leader.cluster.clone();
    let allocation = v1::AllocateMemberRequest {
        cluster_id: "another".to_owned(),
        instance_id: identity.instance_id,
        name: identity.name,
        addresses: identity.addresses,
        replaces: 0,
    };
    let transfer = v1::TransferLeadershipRequest { cluster_id: "another".to_owned(), member_id: 0 };
    for refusal in
        [refused(admin.allocate_member(allocation).await)?, refused(admin.transfer_leadership(transfer).await)?]
    {
        ensure!((refusal.reason.as_str(), refusal.code) == ("WRONG_CLUSTER", Code::FailedPrecondition), "{refusal:?}");
        ensure!(refusal.metadata["clusterId"] == before.cluster_id, "{refusal:?}");
    }
    ensure!(leader.configuration().await? == before, "nothing has changed");
    // As a pod ends: a node that belongs to no cluster has nothing to hand over.
    let status = cluster.node_mut(blank).stop().await?;
    ensure!(status.success(), "it ended with {status}");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bootstrap_founds_on_the_disk_that_was_seen_alone() -> Result<()> {
    let mut cluster = Cluster::unformed(1, Configuration::short_times()).await?;
    let seen = cluster.node(0).wire()?.identity().await?;
    let request = v1::BootstrapRequest {
        cluster_id: "demo".to_owned(),
        initial_members: 1,
        instance_id: seen.instance_id.clone(),
    };
    // The disk was wiped between the look and the call.
    cluster.node_mut(0).wipe()?;
    cluster.node_mut(0).start().await?;
    let refusal = refused(cluster.node(0).wire()?.cluster.bootstrap(request.clone()).await)?;
    ensure!((refusal.reason.as_str(), refusal.code) == ("WRONG_INSTANCE", Code::FailedPrecondition), "{refusal:?}");
    let now = cluster.node(0).wire()?.identity().await?;
    ensure!(now.state() == v1::MemberState::Uninitialised && refusal.metadata["instanceId"] == now.instance_id);

    // The disk that is there is founded on, once, however often the call is made.
    let request = v1::BootstrapRequest { instance_id: now.instance_id.clone(), ..request };
    let mut admin = cluster.node(0).wire()?.cluster;
    let founded = admin.bootstrap(request.clone()).await?.into_inner().identity.context("it says who it is")?;
    let again = admin.bootstrap(request.clone()).await?.into_inner().identity.context("it says who it is")?;
    for identity in [&founded, &again] {
        ensure!((identity.cluster_id.as_str(), identity.member_id) == ("demo", 1), "{identity:?}");
        ensure!(identity.instance_id == now.instance_id, "{identity:?}");
    }
    cluster.passed();
    Ok(())
}
