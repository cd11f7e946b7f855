//! Members that are fenced: they vote, and neither campaign nor lead.

use super::{
    Node,
    cluster::{stop, three, three_of_which_one_fell_behind_the_log},
    commands::{start, uid},
    settings,
};
use crate::{
    consensus::{ProposeError, Role},
    fence::Fence,
    ids::MemberId,
};

fn fence() -> Fence {
    Fence::InputDiffers { round: uid(9) }
}

#[tokio::test]
async fn a_fenced_leader_hands_over_and_does_not_take_over_again() {
    let nodes = three(settings()).await;
    nodes[0].consensus().raise_fence(fence());
    let status = nodes[0].wait("to follow another", |status| status.leader.is_some_and(|id| id != MemberId(1))).await;
    let leader = nodes.iter().find(|node| Some(node.id) == status.leader).unwrap();
    leader.wait_to_lead().await;
    leader.consensus().propose(start(1)).await.unwrap();
    let refused = leader.consensus().transfer_leadership(Some(MemberId(1))).await;
    assert!(matches!(refused, Err(ProposeError::NotCaughtUp { member: MemberId(1) })), "{refused:?}");
    assert!(!nodes[0].consensus().status().borrow().leads());
    // It goes on replicating.
    nodes[0].wait_applied(*leader.consensus().applied().borrow()).await;
    stop(nodes).await;
}

#[tokio::test]
async fn a_fenced_member_votes_for_others_and_never_campaigns() {
    let mut nodes = three(settings()).await;
    nodes[1].consensus().raise_fence(fence());
    // Only member 3 can be elected, and only by the vote of the fenced one.
    nodes[0].stop().await;
    nodes[2].wait_to_lead().await;
    nodes[2].consensus().propose(start(1)).await.unwrap();
    // Without it nobody leads, and it asks nobody for a vote, for as long as many elections take.
    nodes[2].stop().await;
    let before = nodes[1].consensus().status().borrow().clone();
    let long = nodes[1].settings.tick * u32::try_from(nodes[1].settings.election_ticks).unwrap() * 5;
    let after = nodes[1].wait("for a long time", |status| status.ticked >= before.ticked + long).await;
    assert_eq!((after.role, after.term), (Role::Follower, before.term));
    assert_eq!(after.counters.messages_sent, before.counters.messages_sent);
    stop(nodes).await;
}

/// Member 3, which fell behind the log, gets a snapshot of the next leader.
async fn third_gets_it_from_second(nodes: &[Node]) {
    nodes[1].wait_to_lead().await;
    let index = nodes[1].consensus().status().borrow().applied;
    nodes[2].wait_applied(index).await;
    assert_eq!(nodes[2].digest(), nodes[1].digest());
}

#[tokio::test]
async fn a_fenced_leader_announces_no_snapshot_while_it_hands_over() {
    let nodes = three_of_which_one_fell_behind_the_log().await;
    let network = &nodes[0].network;
    let before = nodes[0].consensus().status().borrow().counters.snapshots_sent;
    // Nobody who could take over hears of it: for two election timeouts, raft goes on leading member 3.
    network.cut_off(MemberId(2));
    nodes[0].consensus().raise_fence(fence());
    network.reconnect(MemberId(3));
    nodes[2].wait("to hear the leader", |status| status.leader == Some(MemberId(1))).await;
    let after = nodes[0].wait("to step down", |status| !status.leads()).await;
    assert_eq!(after.counters.snapshots_sent, before);
    network.reconnect(MemberId(2));
    third_gets_it_from_second(&nodes).await;
    stop(nodes).await;
}

#[tokio::test]
async fn a_leader_that_is_fenced_meanwhile_hands_out_no_snapshot_that_it_has_announced() {
    let nodes = three_of_which_one_fell_behind_the_log().await;
    let network = &nodes[0].network;
    let before = network.snapshots_given_by(MemberId(1));
    network.fence_at_next_snapshot(fence());
    network.reconnect(MemberId(3));
    third_gets_it_from_second(&nodes).await;
    assert_eq!(nodes[0].consensus().fence(), Some(&fence()), "it was asked");
    assert_eq!(network.snapshots_given_by(MemberId(1)), before);
    stop(nodes).await;
}

#[tokio::test]
async fn a_fence_outlasts_a_restart() {
    let mut nodes = three(settings()).await;
    nodes[2].consensus().raise_fence(fence());
    nodes[2].consensus().raise_fence(Fence::PairsUnreadable { round: uid(8), why: "later".to_owned() });
    nodes[2].restart().await;
    assert_eq!(nodes[2].consensus().fence(), Some(&fence()), "the first reason stays");
    stop(nodes).await;
}

#[tokio::test]
async fn the_only_voter_is_not_fenced() {
    let node = Node::found(&std::sync::Arc::default(), 1, settings());
    node.wait_to_lead().await;
    node.consensus().raise_fence(fence());
    assert_eq!(node.consensus().fence(), None);
    node.consensus().propose(start(1)).await.unwrap();
    stop(vec![node]).await;
}
