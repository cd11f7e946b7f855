//! Clusters of three.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{
    Node,
    commands::{append, append_much, commit, record, start, uid},
    network::InMemory,
    settings,
};
use crate::{
    consensus::{ProposeError, RaftSettings, RaftStatus},
    ids::{LogIndex, MemberId},
    state::{Command, MemberAction, MemberRecord, MemberState, Reply},
};

/// Three voters, formed as an administrator does: one founds, two learn, and both are promoted at once.
pub(crate) async fn three(settings: RaftSettings) -> Vec<Node> {
    let network: Arc<InMemory> = Arc::default();
    let founder = Node::found(&network, 3, settings.clone());
    founder.wait_to_lead().await;
    let mut nodes = vec![founder];
    for id in [2, 3] {
        add_learner(&nodes[0], id).await;
        nodes.push(Node::join(&network, id, settings.clone()));
    }
    promote(&nodes[0], &[2, 3]).await;
    assert!(nodes[0].consensus().state().formed());
    for node in &nodes {
        node.wait_applied(*nodes[0].consensus().applied().borrow()).await;
    }
    nodes
}

async fn add_learner(leader: &Node, id: u64) {
    let (consensus, record) = (leader.consensus(), record(id));
    let allocate = Command::AllocateMember { instance: record.instance, record: record.clone(), replaces: None };
    assert_eq!(consensus.propose(allocate).await.unwrap(), Reply::Member { id: MemberId(id) });
    consensus.propose(Command::RegisterMember { record }).await.unwrap();
    consensus.change_members(leader.change(&[(id, MemberAction::AddLearner)]), Duration::ZERO).await.unwrap();
}

/// Promotes learners once they have caught up.
async fn promote(leader: &Node, ids: &[u64]) {
    let caught_up = |status: &RaftStatus| {
        ids.iter().all(|id| {
            let member = status.progress.iter().find(|progress| progress.member == MemberId(*id));
            member.is_some_and(|progress| progress.active && progress.matched == status.last_index)
        })
    };
    leader.wait("for learners to catch up", caught_up).await;
    let parts: Vec<_> = ids.iter().map(|id| (*id, MemberAction::Promote)).collect();
    leader.consensus().change_members(leader.change(&parts), Duration::ZERO).await.unwrap();
}

pub(crate) async fn stop(nodes: Vec<Node>) {
    for mut node in nodes {
        if node.consensus.is_some() {
            node.stop().await;
        }
    }
}

#[tokio::test]
async fn members_that_join_get_a_snapshot_and_then_apply_the_same() {
    let nodes = three(settings()).await;
    nodes[0].consensus().propose(start(1)).await.unwrap();
    nodes[0].consensus().propose(append(1, "ann", 60)).await.unwrap();
    nodes[0].consensus().propose(commit(1, "ann", 60)).await.unwrap();
    let index = *nodes[0].consensus().applied().borrow();
    for node in &nodes {
        node.wait_applied(index).await;
        assert_eq!(node.digest(), nodes[0].digest());
        assert!(!node.consensus().state().configuration().raft.is_joint());
    }
    assert!(nodes[1].consensus().status().borrow().counters.snapshots_installed > 0);
    stop(nodes).await;
}

#[tokio::test]
async fn followers_read_and_do_not_propose() {
    let nodes = three(settings()).await;
    nodes[0].consensus().propose(start(1)).await.unwrap();
    let follower = nodes[1].consensus();
    follower.read_index().await.unwrap();
    assert!(follower.state().round(uid(1)).is_some());
    let outcome = follower.propose(start(2)).await;
    assert!(matches!(outcome, Err(ProposeError::NotLeader { leader: Some(MemberId(1)) })), "{outcome:?}");
    stop(nodes).await;
}

#[tokio::test]
async fn leadership_is_handed_over_and_nothing_is_lost() {
    let nodes = three(settings()).await;
    nodes[0].consensus().propose(start(1)).await.unwrap();
    assert_eq!(nodes[0].consensus().transfer_leadership(Some(MemberId(2))).await.unwrap(), MemberId(2));
    nodes[1].wait_to_lead().await;
    nodes[1].consensus().propose(append(1, "ann", 10)).await.unwrap();
    nodes[1].consensus().propose(commit(1, "ann", 10)).await.unwrap();
    stop(nodes).await;
}

#[tokio::test]
async fn a_call_of_a_leader_that_is_cut_off_has_an_unknown_outcome_and_the_others_go_on() {
    let mut nodes = three(settings()).await;
    let network = Arc::clone(&nodes[0].network);
    network.cut_off(MemberId(1));
    let outcome = nodes[0].consensus().propose(start(1)).await;
    assert!(matches!(outcome, Err(ProposeError::OutcomeUnknown { .. })), "{outcome:?}");
    let leads = async |node: &Node| {
        node.wait("to follow another", |status| status.leader.is_some_and(|leader| leader != MemberId(1))).await
    };
    let leader = leads(&nodes[1]).await.leader.unwrap();
    let leader = nodes.iter().position(|node| node.id == leader).unwrap();
    nodes[leader].wait_to_lead().await;
    nodes[leader].consensus().propose(start(2)).await.unwrap();
    network.reconnect(MemberId(1));
    nodes[0].wait_applied(*nodes[leader].consensus().applied().borrow()).await;
    assert!(nodes[0].consensus().state().round(uid(1)).is_none(), "what was never committed is gone");
    assert!(nodes[0].consensus().state().round(uid(2)).is_some());
    nodes[0].restart().await;
    stop(nodes).await;
}

/// Three members; member 3 is cut off, and lacks a chunk and entries that the leader's log no longer holds.
pub(super) async fn three_of_which_one_fell_behind_the_log() -> Vec<Node> {
    let settings = RaftSettings { compact_entries: 30, keep_entries: 5, ..settings() };
    let nodes = three(settings).await;
    nodes[0].network.cut_off(MemberId(3));
    nodes[0].consensus().propose(start(1)).await.unwrap();
    nodes[0].consensus().propose(append(1, "ann", 60)).await.unwrap();
    // Enough to be compacted even for the sake of a snapshot that somebody may still be taking.
    for _ in 0..150 {
        nodes[0].consensus().propose(Command::Tick).await.unwrap();
    }
    let lost = nodes[2].consensus().status().borrow().last_index;
    nodes[0].wait("to compact", |status| status.first_index > lost).await;
    nodes
}

#[tokio::test]
async fn a_member_that_fell_behind_the_log_gets_a_snapshot_with_its_chunks() {
    let nodes = three_of_which_one_fell_behind_the_log().await;
    nodes[0].network.reconnect(MemberId(3));
    nodes[2].wait_applied(*nodes[0].consensus().applied().borrow()).await;
    assert_eq!(nodes[2].digest(), nodes[0].digest());
    nodes[0].consensus().propose(commit(1, "ann", 60)).await.unwrap();
    nodes[2].wait_applied(*nodes[0].consensus().applied().borrow()).await;
    assert_eq!(nodes[2].digest(), nodes[0].digest());
    stop(nodes).await;
}

#[tokio::test]
async fn a_snapshot_that_is_altered_on_its_way_is_refused_and_sent_again() {
    let nodes = three_of_which_one_fell_behind_the_log().await;
    nodes[0].network.alter_next_snapshot();
    nodes[0].network.reconnect(MemberId(3));
    nodes[2].wait_applied(*nodes[0].consensus().applied().borrow()).await;
    assert!(!nodes[0].network.will_alter(), "a snapshot was altered");
    assert_eq!(nodes[2].digest(), nodes[0].digest());
    stop(nodes).await;
}

#[tokio::test]
async fn a_leader_that_is_to_be_removed_hands_over_and_is_then_removed() {
    let mut nodes = three(settings()).await;
    let network = Arc::clone(&nodes[0].network);
    add_learner(&nodes[0], 4).await;
    nodes.push(Node::join(&network, 4, settings()));
    let replaced = [(4, MemberAction::Promote), (1, MemberAction::Remove)];
    nodes[0]
        .wait("for the learner", |status| {
            status
                .progress
                .iter()
                .any(|progress| progress.member == MemberId(4) && progress.matched == status.last_index)
        })
        .await;
    let outcome = nodes[0].consensus().change_members(nodes[0].change(&replaced), Duration::ZERO).await;
    let Err(ProposeError::NotLeader { leader: Some(successor) }) = outcome else { panic!("{outcome:?}") };
    let successor = nodes.iter().position(|node| node.id == successor).unwrap();
    nodes[successor].wait_to_lead().await;
    nodes[successor]
        .wait("to hear the learner", |status| {
            let learner = status.progress.iter().find(|progress| progress.member == MemberId(4));
            learner.is_some_and(|progress| progress.active && progress.matched > LogIndex(0))
        })
        .await;
    let change = nodes[successor].change(&replaced);
    nodes[successor].consensus().change_members(change, Duration::ZERO).await.unwrap();
    {
        let state = nodes[successor].consensus().state();
        assert_eq!(state.member(MemberId(1)).unwrap().state, MemberState::Removed);
        assert_eq!(state.configuration().raft.voters, [2, 3, 4].map(MemberId).into());
    }
    stop(nodes).await;
}

/// How long the leader has not heard of a member.
fn silence(status: &RaftStatus, member: u64) -> Duration {
    let of = status.progress.iter().find(|progress| progress.member == MemberId(member));
    of.map_or(Duration::ZERO, |progress| progress.silence)
}

#[tokio::test]
async fn a_member_is_replaced_only_after_the_silence_that_the_call_asks_for() {
    let mut nodes = three(settings()).await;
    let network = Arc::clone(&nodes[0].network);
    let leader = nodes[0].consensus().clone();
    let record = MemberRecord { replaces: Some(MemberId(3)), ..record(4) };
    let allocate =
        Command::AllocateMember { instance: record.instance, record: record.clone(), replaces: record.replaces };
    leader.propose(allocate).await.unwrap();
    leader.propose(Command::RegisterMember { record }).await.unwrap();
    leader.change_members(nodes[0].change(&[(4, MemberAction::AddLearner)]), Duration::ZERO).await.unwrap();
    nodes.push(Node::join(&network, 4, settings()));
    let keeps_up = |status: &RaftStatus| {
        status.progress.iter().any(|progress| progress.member == MemberId(4) && progress.keeps_up)
    };
    nodes[0].wait("for the learner", keeps_up).await;
    let replaced = [(4, MemberAction::Promote), (3, MemberAction::Remove)];
    // Far more than anything here takes.
    let long = Duration::from_hours(1);
    let outcome = leader.change_members(nodes[0].change(&replaced), long).await;
    assert!(matches!(outcome, Err(ProposeError::MemberActive { member: MemberId(3), .. })), "{outcome:?}");

    network.cut_off(MemberId(3));
    let short = settings().tick * 20;
    let status = nodes[0].wait("to hear nothing of it", |status| silence(status, 3) >= short).await;
    assert!(silence(&status, 3) < long);
    leader.change_members(nodes[0].change(&replaced), short).await.unwrap();
    assert_eq!(leader.state().configuration().raft.voters, [1, 2, 4].map(MemberId).into());
    stop(nodes).await;
}

#[tokio::test]
async fn a_new_leader_says_that_it_has_just_heard_of_everybody() {
    let nodes = three(settings()).await;
    nodes[0].network.cut_off(MemberId(3));
    let short = settings().tick * 30;
    nodes[0].wait("to hear nothing of it", |status| silence(status, 3) >= short).await;
    nodes[0].consensus().transfer_leadership(Some(MemberId(2))).await.unwrap();
    nodes[1].wait_to_lead().await;
    // It has led before, and knows nothing of what was said meanwhile.
    nodes[1].consensus().transfer_leadership(Some(MemberId(1))).await.unwrap();
    let first = nodes[0].wait("to lead again", |status| status.leads() && !status.progress.is_empty()).await;
    assert!(silence(&first, 3) < short, "{:?}", first.progress);
    nodes[0].wait("to count anew", |status| silence(status, 3) >= short).await;
    stop(nodes).await;
}

#[tokio::test]
async fn a_learner_names_no_leader_that_it_does_not_hear() {
    let network: Arc<InMemory> = Arc::default();
    let founder = Node::found(&network, 1, settings());
    founder.wait_to_lead().await;
    add_learner(&founder, 2).await;
    let learner = Node::join(&network, 2, settings());
    learner.wait("to hear its leader", |status| status.leader == Some(MemberId(1))).await;
    network.cut_off(MemberId(1));
    learner.wait("to know no leader", |status| status.leader.is_none()).await;
    network.reconnect(MemberId(1));
    learner.wait("to hear its leader again", |status| status.leader == Some(MemberId(1))).await;
    stop(vec![founder, learner]).await;
}

#[tokio::test]
async fn the_log_tells_how_the_cluster_came_to_be_before_and_after_a_restart() {
    let mut nodes = three(settings()).await;
    let logged = nodes[0].consensus().configuration_log().unwrap();
    let parts: Vec<_> = logged.iter().filter_map(|logged| logged.change.as_ref()).map(|change| &change.parts).collect();
    let (second, third) = (MemberId(2), MemberId(3));
    let expected = [
        vec![(second, MemberAction::AddLearner)],
        vec![(third, MemberAction::AddLearner)],
        vec![(second, MemberAction::Promote), (third, MemberAction::Promote)],
    ];
    assert_eq!(parts, expected.iter().collect::<Vec<_>>());
    let last = logged.last().unwrap();
    assert_eq!(last.change, None, "the entry that ends the joint configuration");
    assert_eq!(last.index, nodes[0].consensus().state().configuration().index);
    nodes[0].restart().await;
    assert_eq!(nodes[0].consensus().configuration_log().unwrap(), logged);
}

/// Far less than is published meanwhile.
const FEW_BYTES: usize = 256 << 10;

#[tokio::test]
async fn a_member_that_applies_slowly_holds_few_bytes_and_costs_no_election() {
    // Elections that a busy machine alone does not bring about.
    let settings =
        RaftSettings { unapplied_bytes: FEW_BYTES, append_bytes: 64 << 10, election_ticks: 500, ..settings() };
    let nodes = three(settings).await;
    nodes[0].consensus().propose(start(1)).await.unwrap();
    nodes[2].wait_applied(*nodes[0].consensus().applied().borrow()).await;
    let before = nodes[2].consensus().status().borrow().clone();
    // While somebody reads its state, member 3 applies nothing.
    let slow = nodes[2].consensus().clone();
    let ((locks, locked), (release, released)) = (mpsc::channel(), mpsc::channel::<()>());
    let reader = thread::spawn(move || {
        let _state = slow.state();
        locks.send(()).unwrap();
        released.recv().unwrap();
    });
    locked.recv().unwrap();
    for sequence in 0..128 {
        nodes[0].consensus().propose(append_much(1, "ann", sequence, 64 << 10)).await.unwrap();
    }
    let held = nodes[2].wait("to hold what it may", |status| status.unapplied_bytes >= FEW_BYTES).await;
    let published = *nodes[0].consensus().applied().borrow();
    // Some heartbeats later it would have taken the rest.
    let ticks = nodes[2].consensus().status();
    nodes[0].consensus().read_index().await.unwrap();
    for _ in 0..20 {
        let ticked = ticks.borrow().ticked;
        nodes[2].wait("to tick", |status| status.ticked > ticked).await;
    }
    let now = nodes[2].consensus().status().borrow().clone();
    assert!(now.last_index < published, "it has taken all of it: {} bytes wait", now.unapplied_bytes);
    assert!(now.unapplied_bytes < FEW_BYTES + (1 << 20), "{} bytes wait", now.unapplied_bytes);
    assert_eq!((now.term, now.leader), (before.term, before.leader), "it still follows: {held:?}");
    release.send(()).unwrap();
    reader.join().unwrap();
    nodes[2].wait_applied(published).await;
    assert_eq!(nodes[2].digest(), nodes[0].digest());
    let after = nodes[2].wait("to apply all", |status| status.unapplied_bytes == 0).await;
    assert_eq!(after.term, before.term);
    assert_eq!(after.counters.snapshots_installed, before.counters.snapshots_installed);
    stop(nodes).await;
}
