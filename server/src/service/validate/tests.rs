//! Every request names all that is wrong with it.

use silhouette_okvs::ValueLayout;
use silhouette_proto::v1::{self, round_spec};

use super::*;
use crate::{
    service::refusal::{Reason, RoundName},
    state::{Downloads, Expected, Limits, OnDeadline, RoundSpec},
};

fn bad_fields<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<&'static str> {
    let refusal = result.expect_err("something is wrong with it");
    assert_eq!(refusal.reason(), Reason::InvalidRequest);
    refusal.violations().iter().map(|violation| violation.field).collect()
}

fn of_workers(workers: u32) -> v1::RoundSpec {
    v1::RoundSpec { expected: Some(round_spec::Expected::WorkerCount(workers)), ..v1::RoundSpec::default() }
}

fn start(id: &str, spec: v1::RoundSpec) -> Result<Starting, Refusal> {
    let request = v1::StartRoundRequest { round_id: id.to_owned(), spec: Some(spec) };
    Starting::read(&request, &Limits::default())
}

#[test]
fn a_spec_needs_only_its_workers() {
    let limits = Limits::default();
    let started = start("r1", of_workers(3)).expect("all else has defaults");
    assert_eq!(started.spec, RoundSpec::new(Expected::Count(3), &limits));
}

#[test]
fn what_a_spec_says_is_kept() {
    let given = v1::RoundSpec {
        expected: Some(round_spec::Expected::Workers(v1::WorkerNames { names: vec!["b".into(), "a".into()] })),
        max_pairs: Some(7),
        value_length: Some(round_spec::ValueLength::FixedValueBytes(8)),
        deadline_ms: 5,
        on_deadline: v1::OnDeadline::Seal.into(),
        retention_ms: 6,
        expected_lookups: 9,
        downloads: v1::Downloads::Forbidden.into(),
        ..v1::RoundSpec::default()
    };
    let spec = start("r1", given).expect("it is valid").spec;
    assert_eq!(spec.expected.workers(), 2);
    assert_eq!((spec.max_pairs, spec.deadline_ms, spec.retention_ms), (Some(7), Some(5), 6));
    assert_eq!(spec.values, ValueLayout::Fixed { bytes: 8 });
    assert_eq!((spec.on_deadline, spec.downloads), (OnDeadline::Seal, Downloads::Forbidden));
    assert_eq!(spec.expected_lookups, 9);
}

#[test]
fn all_bad_fields_of_a_start_are_named_at_once() {
    let mut spec = of_workers(0);
    spec.max_pairs = Some(u64::MAX);
    spec.on_deadline = 99;
    spec.downloads = -1;
    let fields = bad_fields(start("", spec));
    assert_eq!(fields, ["round_id", "on_deadline", "downloads", "worker_count", "max_pairs"]);
    let without = v1::StartRoundRequest { round_id: "r".into(), spec: None };
    assert_eq!(bad_fields(Starting::read(&without, &Limits::default())), ["spec"]);
    assert_eq!(bad_fields(start("r", v1::RoundSpec::default())), ["expected"]);
}

#[test]
fn expected_workers_are_distinct_names() {
    let named = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        start(
            "r",
            v1::RoundSpec {
                expected: Some(round_spec::Expected::Workers(v1::WorkerNames { names })),
                ..v1::RoundSpec::default()
            },
        )
    };
    assert!(named(&["a", "b"]).is_ok());
    assert_eq!(bad_fields(named(&["a", "a"])), ["workers"]);
    assert_eq!(bad_fields(named(&["a", ""])), ["workers"]);
    assert_eq!(bad_fields(named(&[])), ["workers"]);
}

#[test]
fn a_header_names_round_worker_and_upload() {
    let header = v1::PublishHeader {
        round_uid: "07".repeat(16),
        worker: "w".to_owned(),
        upload_id: vec![1; 16].into(),
        relay: false,
    };
    assert!(Header::read(&header).is_ok());
    let empty = v1::PublishHeader::default();
    assert_eq!(bad_fields(Header::read(&empty)), ["round_uid", "worker", "upload_id"]);
    let short = v1::PublishHeader { upload_id: vec![1; 15].into(), ..header };
    assert_eq!(bad_fields(Header::read(&short)), ["upload_id"]);
    assert_eq!(bad_fields(Commit::read(&v1::PublishCommit::default())), ["digest"]);
    assert_eq!(bad_fields(RoundQuery::read("x", b"y")), ["round_uid", "encoding_digest"]);
}

#[test]
fn a_round_is_named_by_id_or_uid() {
    assert_eq!(round_name(Some(Ok("r1"))), Ok(RoundName::Id("r1".parse().expect("an id"))));
    assert!(matches!(round_name(Some(Err(&"00".repeat(16)))), Ok(RoundName::Uid(_))));
    assert_eq!(bad_fields(round_name(Some(Ok("")))), ["round_id"]);
    assert_eq!(bad_fields(round_name(Some(Err("zz")))), ["round_uid"]);
    assert_eq!(bad_fields(round_name(None)), ["round"]);
}

#[test]
fn all_bad_fields_of_an_administrators_request_are_named_at_once() {
    let bootstrap = v1::BootstrapRequest { cluster_id: "A".into(), initial_members: 2, instance_id: "x".into() };
    assert_eq!(bad_fields(Bootstrapping::read(&bootstrap)), ["cluster_id", "initial_members", "instance_id"]);
    let join = v1::JoinRequest::default();
    assert_eq!(bad_fields(Joining::read(&join)), ["cluster_id", "instance_id", "member_id"]);
    assert_eq!(
        bad_fields(Allocation::read(&v1::AllocateMemberRequest::default())),
        ["cluster_id", "instance_id", "name", "addresses.client", "addresses.peer", "addresses.http"]
    );
    let part = |member_id, action: v1::MemberAction| v1::MemberChange { member_id, action: action.into() };
    let change = |changes| {
        let (cluster_id, defaults) = ("c".into(), v1::ChangeMembersRequest::default());
        Changing::read(&v1::ChangeMembersRequest { cluster_id, expected_conf_index: 1, changes, ..defaults })
    };
    assert!(change(vec![part(1, v1::MemberAction::Promote)]).is_ok());
    assert_eq!(bad_fields(change(vec![])), ["changes"]);
    assert_eq!(bad_fields(change(vec![part(0, v1::MemberAction::Remove)])), ["changes"]);
    assert_eq!(bad_fields(change(vec![part(1, v1::MemberAction::Unspecified)])), ["changes"]);
    let twice = vec![part(1, v1::MemberAction::AddLearner), part(1, v1::MemberAction::Promote)];
    assert_eq!(bad_fields(change(twice)), ["changes"]);
    let transfer = |cluster_id: &str, member_id| {
        Transferring::read(&v1::TransferLeadershipRequest { cluster_id: cluster_id.to_owned(), member_id })
    };
    assert_eq!(bad_fields(transfer("", 1)), ["cluster_id"]);
    assert_eq!(transfer("c", 0).expect("it is valid").to, None);
    assert!(comparison_key(&[0; 32]).is_ok());
    assert_eq!(bad_fields(comparison_key(&[0; 31])), ["comparison_key"]);
}
