//! Messages say what the state says.

use silhouette_proto::v1;

use super::*;
use crate::{
    ids::{ClusterId, InstanceId, MemberId, Term, UploadId},
    service::{
        scenario::{ENCODING, Scenario, founder},
        validate::Starting,
    },
    state::{Command, Expected, Limits, MemberRecord, MemberState, OnConflict, RoundSpec},
    storage::Identity,
};

fn cluster() -> ClusterId {
    "c".parse().expect("a cluster id")
}

#[test]
fn a_spec_reads_back_as_it_was_given() {
    let limits = Limits::default();
    let mut given =
        RoundSpec::new(Expected::Names(["a", "b"].map(|name| name.parse().expect("a name")).into()), &limits);
    given.max_pairs = Some(0);
    given.deadline_ms = Some(5);
    let count = RoundSpec::new(Expected::Count(3), &limits);
    let first = RoundSpec { on_conflict: OnConflict::First, ..count.clone() };
    let last = RoundSpec { on_conflict: OnConflict::Last, ..count.clone() };
    for given in [given, count, first, last] {
        let request = v1::StartRoundRequest { round_id: "r".to_owned(), spec: Some(spec(&given)) };
        assert_eq!(Starting::read(&request, &limits).expect("it is valid").spec, given);
    }
}

#[test]
fn defaults_are_written_out_but_an_unset_maximum_stays_unset() {
    let limits = Limits::default();
    let written = spec(&RoundSpec::new(Expected::Count(3), &limits));
    assert_eq!(written.max_pairs, None);
    assert_eq!(written.value_length, Some(v1::round_spec::ValueLength::MaxValueBytes(64)));
    assert_eq!((written.expected_lookups, written.retention_ms), (6, limits.default_retention_ms));
    assert_eq!(written.on_conflict(), v1::OnConflict::Reject);
    assert_eq!((written.on_deadline(), written.downloads()), (v1::OnDeadline::Fail, v1::Downloads::Allowed));
}

#[test]
fn a_configuration_lists_members_with_their_places() {
    let mut scenario = Scenario::new();
    let newcomer = MemberRecord { instance: InstanceId([2; 16]), encoding_version: 0, ..founder() };
    let allocate =
        Command::AllocateMember { instance: newcomer.instance, record: newcomer, replaces: Some(MemberId(1)) };
    scenario.apply(allocate);

    let configuration = configuration(&scenario.state, Term(4), Some(MemberId(1)));
    assert_eq!((configuration.cluster_id.as_str(), configuration.conf_index), ("c", 1));
    assert_eq!((configuration.leader_id, configuration.term, configuration.joint), (1, 4, false));
    assert_eq!((configuration.initial_members, configuration.formed), (1, true));
    assert_eq!(configuration.members.len(), 2);
    let (first, second) = (&configuration.members[0], &configuration.members[1]);
    assert_eq!((first.member_id, first.state(), first.replaces), (1, v1::MemberState::Voter, 0));
    assert_eq!((second.member_id, second.state(), second.replaces), (2, v1::MemberState::Joining, 1));
    assert_eq!(second.instance_id, "02".repeat(16));
    assert_eq!(first.addresses.as_ref().map(|addresses| addresses.client.as_str()), Some("a:1"));
}

#[test]
fn a_node_is_what_its_directory_and_its_log_say() {
    let instance = InstanceId([7; 16]);
    let told = |who: &Identity, place| identity(who, place, "n".to_owned(), v1::Addresses::default());
    let nobody = told(&Identity::Uninitialised { instance }, None);
    assert_eq!((nobody.state(), nobody.member_id), (v1::MemberState::Uninitialised, 0));
    assert_eq!((nobody.cluster_id.as_str(), nobody.instance_id.as_str()), ("", "07".repeat(16).as_str()));

    let member = |removed| Identity::Member { instance, cluster: cluster(), id: MemberId(3), removed };
    assert_eq!(told(&member(false), None).state(), v1::MemberState::Joining);
    let voter = told(&member(false), Some(MemberState::Voter));
    assert_eq!((voter.state(), voter.member_id, voter.cluster_id.as_str()), (v1::MemberState::Voter, 3, "c"));
    assert_eq!(told(&member(true), Some(MemberState::Voter)).state(), v1::MemberState::Removed);
}

#[test]
fn a_round_is_described_in_every_phase() {
    let mut scenario = Scenario::new();
    let uid = scenario.open(1);
    let told = |scenario: &Scenario| round(&scenario.state, scenario.state.round(uid).expect("it is known"));
    let open = told(&scenario);
    assert_eq!((open.phase(), open.round_id.as_str()), (v1::Phase::Open, "r1"));
    assert_eq!(open.round_uid, "01".repeat(16));
    assert_eq!((open.workers_published, open.workers_expected, open.capacity), (0, 1, 0));
    assert!(open.encoding_digest.is_empty() && open.workers.is_empty());
    assert_eq!((open.started_ms, open.sealed_ms, open.ready_ms, open.cluster_time_ms), (2, 0, 0, 2));
    let member = |encoding: v1::EncodingStatus, plaintext: v1::Plaintext| {
        vec![v1::MemberRoundStatus { member_id: 1, encoding: encoding.into(), plaintext: plaintext.into() }]
    };
    assert_eq!(open.members, member(v1::EncodingStatus::Pending, v1::Plaintext::Held));

    scenario.publish(uid, UploadId([1; 16]));
    let published = v1::WorkerStatus { worker: "w0".to_owned(), published: true, staged_chunks: 0 };
    assert_eq!(told(&scenario).workers, [published]);

    scenario.ready(uid);
    let ready = told(&scenario);
    assert_eq!((ready.phase(), ready.capacity), (v1::Phase::Ready, 1_024));
    assert_eq!(ready.encoding_digest.as_ref(), ENCODING.0);
    assert!(ready.workers.is_empty(), "who published is told until the round is Ready");
    assert_eq!((ready.sealed_ms, ready.ready_ms), (4, 5));
    assert_eq!(ready.members, member(v1::EncodingStatus::Encoded, v1::Plaintext::Held));

    scenario.apply(Command::Shred { uid });
    scenario.apply(Command::ReportDestroyed { uid, member: MemberId(1) });
    assert_eq!(told(&scenario).members, member(v1::EncodingStatus::Encoded, v1::Plaintext::Destroyed));
}
