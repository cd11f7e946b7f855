use silhouette_proto::v1::{GetStatusResponse, Identity};

use super::*;
use crate::observed::{Answer, Slot};

fn member(id: u64, name: &str, state: MemberState) -> Member {
    let instance_id = format!("disk-{id}");
    Member { member_id: id, instance_id, name: name.to_owned(), state: state.into(), ..Member::default() }
}

/// Members 1, 2 and 3 of `demo-0` to `demo-2`, all voters, led by the first in term 4.
fn configuration() -> Configuration {
    Configuration {
        cluster_id: "c1".to_owned(),
        conf_index: 7,
        members: (1..=3).map(|id| member(id, &format!("demo-{}", id - 1), MemberState::Voter)).collect(),
        leader_id: 1,
        term: 4,
        ..Configuration::default()
    }
}

fn said_by(id: u64, configuration: Configuration) -> Said {
    let identity = Identity {
        instance_id: format!("disk-{id}"),
        state: MemberState::Voter.into(),
        cluster_id: configuration.cluster_id.clone(),
        member_id: id,
        name: format!("demo-{}", id - 1),
        ..Identity::default()
    };
    let status = GetStatusResponse {
        term: configuration.term,
        leader_id: configuration.leader_id,
        ..GetStatusResponse::default()
    };
    Said { identity, status, configuration: Some(configuration) }
}

fn progress(member_id: u64, silent_ms: u64) -> Progress {
    Progress { member_id, active: silent_ms < 2000, silent_ms, caught_up: true, ..Progress::default() }
}

/// What all three say; the leader hears of the others.
fn all_say() -> BTreeMap<Ordinal, Said> {
    let mut said: BTreeMap<Ordinal, Said> =
        (1..=3).map(|id| (Ordinal(id - 1), said_by(u64::from(id), configuration()))).collect();
    said.get_mut(&Ordinal(0)).expect("it said").status.progress = vec![progress(2, 100), progress(3, 100)];
    said
}

fn seen(said: &BTreeMap<Ordinal, Said>) -> ClusterSeen {
    cluster_seen("demo", &Observed::default(), said).expect("all have places").expect("a cluster")
}

fn change(said: &mut BTreeMap<Ordinal, Said>, place: u32, change: impl FnOnce(&mut Said, &mut Configuration)) {
    let said = said.get_mut(&Ordinal(place)).expect("it said");
    let mut configuration = said.configuration.take().expect("it told");
    change(said, &mut configuration);
    said.configuration = Some(configuration);
}

#[test]
fn the_leaders_word_counts() {
    let mut said = all_say();
    change(&mut said, 0, |said, _| said.status.rounds_at_risk = 2);
    // A follower that knows more than its leader has applied.
    change(&mut said, 1, |_, configuration| configuration.conf_index = 9);
    let seen = seen(&said);
    assert_eq!((seen.id.0.as_str(), seen.index, seen.joint), ("c1", ConfigurationIndex(7), false));
    assert_eq!((seen.leader, seen.rounds_at_risk), (Some(MemberId(1)), 2));
    assert!(seen.members.iter().all(|member| member.active && member.caught_up && !member.silent));
    let places: Vec<_> = seen.members.iter().map(|member| (member.id.0, member.ordinal.0, member.role)).collect();
    assert_eq!(places, [(1, 0, Role::Voter), (2, 1, Role::Voter), (3, 2, Role::Voter)]);
    assert_eq!(seen.members[2].instance, InstanceId::from("disk-3"));
}

#[test]
fn a_member_is_silent_after_thirty_seconds() {
    let mut said = all_say();
    let of_others = vec![progress(2, 29_999), progress(3, 30_000)];
    change(&mut said, 0, |said, _| said.status.progress = of_others);
    let seen = seen(&said);
    let activity: Vec<_> = seen.members.iter().map(|member| (member.active, member.silent)).collect();
    assert_eq!(activity, [(true, false), (false, false), (false, true)]);
}

#[test]
fn who_is_heard_of_is_not_silent_whatever_else_is_said() {
    let mut said = all_say();
    let of_others = vec![progress(2, 100), Progress { active: true, ..progress(3, 60_000) }];
    change(&mut said, 0, |said, _| said.status.progress = of_others);
    assert!(!seen(&said).members[2].silent);
}

#[test]
fn a_member_of_which_the_leader_says_nothing_is_neither_active_nor_silent() {
    let mut said = all_say();
    change(&mut said, 0, |said, configuration| {
        said.status.progress.pop();
        configuration.members.push(member(4, "demo-3", MemberState::Joining));
    });
    let seen = seen(&said);
    for (member, role) in [(&seen.members[2], Role::Voter), (&seen.members[3], Role::Joining)] {
        assert_eq!((member.role, member.active, member.silent, member.caught_up), (role, false, false, false));
    }
}

#[test]
fn a_learner_has_caught_up_if_its_leader_says_so() {
    let mut said = all_say();
    change(&mut said, 0, |said, configuration| {
        let learner = Member { replaces: 2, ..member(5, "demo-1", MemberState::Learner) };
        configuration.members.push(learner);
        said.status.progress.push(Progress { caught_up: false, ..progress(5, 10) });
    });
    let seen = seen(&said);
    let learner = seen.member(MemberId(5)).expect("it is a member");
    assert_eq!((learner.role, learner.replaces, learner.caught_up), (Role::Learner, Some(MemberId(2)), false));
    assert_eq!(seen.members[0].replaces, None);
}

#[test]
fn without_its_leader_the_newest_configuration_is_seen_and_nothing_of_activity() {
    let mut said = all_say();
    said.remove(&Ordinal(0));
    change(&mut said, 2, |said, configuration| {
        (configuration.conf_index, configuration.joint) = (9, true);
        said.status.progress = vec![progress(2, 100)];
        said.status.rounds_at_risk = 1;
    });
    let seen = seen(&said);
    assert_eq!((seen.index, seen.joint, seen.leader), (ConfigurationIndex(9), true, None));
    assert_eq!(seen.rounds_at_risk, 0);
    assert!(!seen.members.iter().any(|member| member.active || member.silent || member.caught_up));
}

#[test]
fn who_led_between_two_answers_only_does_not_lead() {
    let mut said = all_say();
    change(&mut said, 0, |said, _| (said.status.leader_id, said.status.term) = (2, 5));
    assert_eq!(seen(&said).leader, None);
    let mut said = all_say();
    change(&mut said, 0, |_, configuration| configuration.term = 5);
    assert_eq!(seen(&said).leader, None);
}

#[test]
fn of_two_that_lead_the_later_counts() {
    let mut said = all_say();
    change(&mut said, 2, |said, configuration| {
        (configuration.leader_id, configuration.term, configuration.conf_index) = (3, 5, 8);
        (said.status.leader_id, said.status.term) = (3, 5);
    });
    assert_eq!(seen(&said).leader, Some(MemberId(3)));
}

#[test]
fn who_does_not_take_part_knows_nothing() {
    let mut alone = BTreeMap::from([(Ordinal(0), said_by(1, configuration()))]);
    let of = |said: &BTreeMap<Ordinal, Said>| cluster_seen("demo", &Observed::default(), said).expect("no error");
    assert!(of(&alone).is_some());
    change(&mut alone, 0, |said, _| said.identity.state = MemberState::Removed.into());
    assert_eq!(of(&alone), None, "it was removed");
    let mut waits = BTreeMap::from([(Ordinal(0), said_by(1, configuration()))]);
    change(&mut waits, 0, |_, configuration| configuration.members[0].state = MemberState::Joining.into());
    assert_eq!(of(&waits), None, "it waits");
    waits.get_mut(&Ordinal(0)).expect("it said").configuration = None;
    assert_eq!(of(&waits), None, "it knows nobody");
}

#[test]
fn of_two_clusters_the_one_that_is_remembered_is_seen() {
    let other = |id| said_by(id, Configuration { cluster_id: "c2".to_owned(), ..configuration() });
    let said =
        BTreeMap::from([(Ordinal(0), said_by(1, configuration())), (Ordinal(1), other(2)), (Ordinal(2), other(3))]);
    assert_eq!(seen(&said).id.0, "c2", "most nodes are of it");
    let observed = Observed { recorded: Some("c1".into()), ..Observed::default() };
    let seen = cluster_seen("demo", &observed, &said).expect("all have places").expect("a cluster");
    assert_eq!(seen.id.0, "c1");
}

#[test]
fn a_member_that_is_in_no_pod_is_an_error_unless_it_only_has_a_number() {
    let mut said = all_say();
    change(&mut said, 0, |_, configuration| configuration.members.push(member(9, "laptop", MemberState::Joining)));
    assert_eq!(seen(&said).member(MemberId(9)), None);
    change(&mut said, 0, |_, configuration| configuration.members.push(member(8, "laptop", MemberState::Learner)));
    let error = cluster_seen("demo", &Observed::default(), &said).expect_err("it has no place");
    assert!(error.to_string().starts_with("member 8 is called \"laptop\""), "{error}");
}

#[test]
fn a_foreign_clusters_members_need_no_places() {
    let mut said = all_say();
    change(&mut said, 0, |_, configuration| configuration.members.push(member(8, "other-0", MemberState::Voter)));
    let answer = |id: u64| Answer::Member {
        cluster: "c1".into(),
        member: MemberId(id),
        instance: "disk".into(),
        sees_leader: true,
    };
    let slots = BTreeMap::from([(Ordinal(0), Slot { answer: answer(1), ..Slot::default() })]);
    let observed = Observed { recorded: Some("mine".into()), slots, ..Observed::default() };
    assert_eq!(cluster_seen("demo", &observed, &said).expect("two clusters are another matter"), None);
}
