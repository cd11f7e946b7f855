//! A lost disk, or an administrator who repeats a command, must never found a second cluster.

use anyhow::{Context as _, Result, ensure};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    control::Control,
    waiting::eventually,
    wire::{self, refused},
};
use tonic::Code;

/// Who every node is, apart from what may change by itself.
async fn identities(cluster: &Cluster) -> Result<Vec<(String, String, u64, i32)>> {
    let mut identities = Vec::new();
    for node in cluster.nodes() {
        let identity = node.wire()?.identity().await?;
        identities.push((identity.instance_id, identity.cluster_id, identity.member_id, identity.state));
    }
    Ok(identities)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_first_node_does_not_bootstrap() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let before = cluster.node(0).wire()?.identity().await?;
    // `cluster create` bootstraps the first endpoint.
    assert_eq!(before.member_id, 1);
    cluster.node_mut(0).wipe()?;
    cluster.leader().await?;
    for _ in 0..2 {
        cluster.node_mut(0).start().await?;
        let wire = cluster.node(0).wire()?;
        let identity = wire.identity().await?;
        assert_eq!(identity.state(), v1::MemberState::Uninitialised);
        assert_ne!(identity.instance_id, before.instance_id, "an empty disk is a new instance");
        assert!(!cluster.node(0).probe("/readyz").await?.is_ok());
        assert!(cluster.node(0).probe("/livez").await?.is_ok());
        let refusal = refused(wire.start("r1", wire::spec(1)).await)?;
        assert_eq!((refusal.reason.as_str(), refusal.code), ("UNINITIALISED", Code::FailedPrecondition));

        // The command that founded the cluster founds no other one: not of all three, and not of the empty one while
        // it is among members.
        let others = identities(&cluster).await?;
        let outcome = cluster.control().run(&["cluster", "create"]).await?;
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert_eq!(identities(&cluster).await?, others);
        cluster.node_mut(0).kill()?;
    }
    // The others are the same cluster as ever.
    let configuration = cluster.node(1).wire()?.configuration().await?;
    assert_eq!((configuration.cluster_id, configuration.members.len()), (before.cluster_id, 3));
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cluster_create_changes_nothing() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let before = identities(&cluster).await?;
    let (_, id, ..) = before.first().context("there are three")?;
    let configuration = cluster.node(0).wire()?.configuration().await?;

    let anew = cluster.control().run(&["cluster", "create"]).await?;
    let other = cluster.control().run(&["cluster", "create", "--cluster-id", "another"]).await?;
    let same = cluster.control().run(&["cluster", "create", "--cluster-id", id]).await?;
    assert_eq!((anew.code, other.code, same.code), (1, 1, 0), "{anew:?} {other:?} {same:?}");

    assert_eq!(identities(&cluster).await?, before);
    let after = cluster.node(0).wire()?.configuration().await?;
    assert_eq!((after.conf_index, after.members), (configuration.conf_index, configuration.members));
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_not_bootstrapped_or_joined_to_another_cluster() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let wire = cluster.node(1).wire()?;
    let identity = wire.identity().await?;
    let bootstrap = |cluster_id: &str| v1::BootstrapRequest {
        cluster_id: cluster_id.to_owned(),
        initial_members: 3,
        ..v1::BootstrapRequest::default()
    };
    let mut admin = wire.cluster.clone();

    let refusal = refused(admin.bootstrap(bootstrap("another")).await)?;
    assert_eq!((refusal.reason.as_str(), refusal.code), ("ALREADY_INITIALISED", Code::FailedPrecondition));
    assert_eq!(refusal.metadata["clusterId"], identity.cluster_id);
    let join = v1::JoinRequest {
        cluster_id: "another".to_owned(),
        instance_id: identity.instance_id.clone(),
        member_id: identity.member_id,
    };
    assert_eq!(refused(admin.join(join).await)?.reason, "ALREADY_INITIALISED");
    // The same again is no change.
    let join = v1::JoinRequest {
        cluster_id: identity.cluster_id.clone(),
        instance_id: identity.instance_id.clone(),
        member_id: identity.member_id,
    };
    admin.join(join).await?;
    assert_eq!(wire.identity().await?, identity);
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_create_is_finished_by_the_same_command() -> Result<()> {
    let mut cluster = Cluster::unformed(3, Configuration::short_times()).await?;
    let wire = cluster.node(0).wire()?;
    let request =
        v1::BootstrapRequest { cluster_id: "half".to_owned(), initial_members: 3, ..v1::BootstrapRequest::default() };
    wire.cluster.clone().bootstrap(request).await?;
    // One voter of three: there is a leader, but rounds wait.
    let forming = eventually("the one voter leads", async || {
        let refusal = refused(wire.start("early", wire::spec(1)).await)?;
        ensure!(refusal.reason != "NO_LEADER", "no leader yet");
        Ok(refusal)
    })
    .await?;
    assert_eq!((forming.reason.as_str(), forming.code), ("CLUSTER_FORMING", Code::Unavailable));

    let anew = cluster.control().run(&["cluster", "create"]).await?;
    assert_eq!(anew.code, 1, "one of the nodes is already a member: {anew:?}");
    let resumed = cluster.control().run(&["cluster", "create", "--cluster-id", "half"]).await?;
    assert_eq!(resumed.code, 0, "{resumed:?}");
    cluster.all_ready().await?;
    for node in cluster.nodes() {
        let identity = node.wire()?.identity().await?;
        assert_eq!((identity.cluster_id.as_str(), identity.state()), ("half", v1::MemberState::Voter));
    }
    cluster.node(2).wire()?.start("late", wire::spec(1)).await?;
    cluster.node_mut(2).kill()?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_leaves_two_voters_or_saw_another_configuration_is_refused() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let wire = cluster.node(cluster.leader().await?).wire()?;
    let mut admin = wire.cluster.clone();
    let configuration = wire.configuration().await?;
    let follower = configuration.members.iter().find(|member| member.member_id != configuration.leader_id);
    let follower = follower.context("there are followers")?.member_id;
    let remove = |cluster_id: &str, expected_conf_index: u64| v1::ChangeMembersRequest {
        cluster_id: cluster_id.to_owned(),
        expected_conf_index,
        changes: vec![v1::MemberChange { member_id: follower, action: v1::MemberAction::Remove.into() }],
        replaced_silent_ms: 0,
    };

    let two_voters = refused(admin.change_members(remove(&configuration.cluster_id, configuration.conf_index)).await)?;
    assert_eq!((two_voters.reason.as_str(), two_voters.code), ("CHANGE_UNSAFE", Code::FailedPrecondition));
    let outdated = refused(admin.change_members(remove(&configuration.cluster_id, 1)).await)?;
    assert_eq!((outdated.reason.as_str(), outdated.code), ("CONFIGURATION_CHANGED", Code::Aborted));
    let elsewhere = refused(admin.change_members(remove("another", configuration.conf_index)).await)?;
    assert_eq!((elsewhere.reason.as_str(), elsewhere.code), ("WRONG_CLUSTER", Code::FailedPrecondition));

    let after = wire.configuration().await?;
    assert_eq!((after.conf_index, after.members), (configuration.conf_index, configuration.members));
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_cluster_is_not_admitted() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let other = Cluster::of(1, Configuration::short_times()).await?;
    let theirs = other.node(0).wire()?.identity().await?;
    let ours = cluster.node(0).wire()?.configuration().await?;

    let endpoint = other.endpoints().remove(0);
    let outcome = Control::new(cluster.endpoints()).run(&["cluster", "add", &endpoint]).await?;
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert_eq!(other.node(0).wire()?.identity().await?, theirs);
    let after = cluster.node(0).wire()?.configuration().await?;
    assert_eq!((after.conf_index, after.members), (ours.conf_index, ours.members));
    other.passed();
    cluster.passed();
    Ok(())
}
