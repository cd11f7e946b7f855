//! The table of docs/api.md, checked against the code both ways.

use std::collections::BTreeMap;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::*;
use crate::{consensus::ProposeError, state::UserKey};

fn id() -> RoundId {
    "r7".parse().expect("a round id")
}

fn worker() -> WorkerName {
    "w0".parse().expect("a worker's name")
}

/// One refusal of every kind, as a user may meet them.
fn samples() -> Vec<Refusal> {
    let (uid, member, phase) = (RoundUid([7; 16]), MemberId(4), PhaseName::Sealed);
    let (sequence, pair, bytes, limit, index) = (1, 2, 3, 4, LogIndex(9));
    let ours: ClusterId = "c".parse().expect("a cluster id");
    let key = UserKey::new(b"secret");
    let rejections = [
        Rejection::RoundNotFound { uid },
        Rejection::RoundClosed { id: id(), phase },
        Rejection::RoundIdRetired { id: id() },
        Rejection::RoundSpecDiffers { id: id(), fields: vec!["max_pairs", "workers"] },
        Rejection::RoundTooLarge { id: id(), bytes, limit },
        Rejection::TooManyRounds { limit: 64 },
        Rejection::KeyEmpty { sequence, pair },
        Rejection::KeyTooLong { sequence, pair, bytes, limit },
        Rejection::ValueTooLong { sequence, pair, bytes, limit },
        Rejection::ValueLength { sequence, pair, bytes, limit },
        Rejection::ChunkTooLarge { sequence, bytes, limit },
        Rejection::ChunkGap { next_sequence: 5 },
        Rejection::UploadSuperseded { worker: worker() },
        Rejection::TooManyPairs { id: id(), limit },
        Rejection::DuplicateKey { key: key.clone() },
        Rejection::KeyConflict { key, worker: worker() },
        Rejection::PublicationDiffers { worker: worker() },
        Rejection::PublicationIncomplete { worker: worker() },
        Rejection::WorkerNotExpected { worker: worker(), id: id() },
        Rejection::ClusterForming,
        Rejection::MemberNotFound { member },
        Rejection::MemberRemoved { member },
        Rejection::NotCaughtUp { member },
        Rejection::MemberBudgetTooSmall { member, budget: 1, needed: 2 },
        Rejection::ChangeUnsafe { why: "it would have two voters".to_owned() },
    ];
    let own = [
        Refusal::RoundNotFound { round: RoundName::Id(id()) },
        Refusal::RoundNotReady { id: id(), phase },
        Refusal::RoundFailed { id: id(), why: "its deadline passed".to_owned() },
        Refusal::RoundNotHeld { id: id(), holders: vec!["a:1".to_owned(), "b:2".to_owned()] },
        Refusal::EncodingMismatch { id: id() },
        Refusal::QueryMalformed { id: id(), expected: 10, found: 9 },
        Refusal::DownloadsForbidden { id: id() },
        Refusal::OffsetOutOfRange { offset: 11, total: 10 },
        Refusal::StreamMalformed { why: "it began without a header" },
        Refusal::field("worker", "worker name must not be empty"),
        Refusal::NotLeader { leader: Some("a:1".to_owned()) },
        Refusal::NoLeader,
        Refusal::OutcomeUnknown { leader: Some("a:1".to_owned()) },
        Refusal::MessageTooLarge { limit: 4 },
        Refusal::Busy,
        Refusal::Draining,
        Refusal::StorageFailed,
        Refusal::Starting,
        Refusal::Uninitialised,
        Refusal::Removed { member },
        Refusal::WrongCluster { ours: ours.clone() },
        Refusal::WrongInstance { ours: InstanceId([3; 16]) },
        Refusal::AlreadyInitialised { cluster: ours },
        Refusal::ConfigurationChanged { index },
        Refusal::ChangeInFlight { index },
    ];
    let limits = NodeLimit::ALL.map(|limit| Refusal::LimitReached { limit, allowed: 7 });
    rejections.into_iter().map(Refusal::from).chain(own).chain(limits).collect()
}

/// A row of the table in docs/api.md.
#[derive(Clone)]
struct Row {
    code: String,
    metadata: Vec<String>,
    /// Whether only one of the metadata is there.
    either: bool,
}

/// The rows of the table in docs/api.md, by reason.
fn documented() -> BTreeMap<String, Row> {
    let text = include_str!("../../../../docs/api.md");
    let table = text.split("| reason | code |").nth(1).expect("docs/api.md has the table of reasons");
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let row = Row { code: cells[2].to_owned(), metadata: quoted(cells[3]), either: cells[3].contains(" or ") };
        quoted(cells[1]).into_iter().map(move |reason| (reason, row.clone()))
    })
    .collect()
}

fn screaming(code: Code) -> String {
    let name = format!("{code:?}");
    let mut screaming = String::new();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_uppercase() {
            screaming.push('_');
        }
        screaming.push(letter.to_ascii_uppercase());
    }
    screaming
}

#[test]
fn every_reason_is_documented_with_its_code_and_nothing_else_is() {
    let ours: BTreeMap<String, String> =
        Reason::ALL.iter().map(|reason| (reason.as_str().to_owned(), screaming(reason.code()))).collect();
    let theirs: BTreeMap<String, String> = documented().into_iter().map(|(reason, row)| (reason, row.code)).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn every_refusal_carries_the_documented_metadata() {
    let documented = documented();
    for refusal in samples() {
        let reason = refusal.reason().as_str();
        let Row { metadata: names, either, .. } = &documented[reason];
        let found: Vec<&str> = refusal.metadata().into_iter().map(|(name, _)| name).collect();
        let one = *either && found.len() == 1 && names.iter().any(|name| name == found[0]);
        assert!(one || found == *names, "{reason}: {found:?} is documented as {names:?}");
    }
}

#[test]
fn there_is_a_sample_of_every_reason() {
    let sampled: Vec<Reason> = samples().iter().map(Refusal::reason).collect();
    for reason in Reason::ALL {
        assert!(sampled.contains(reason), "{reason:?}");
    }
}

#[test]
fn every_status_carries_one_error_info_and_a_sentence() {
    for refusal in samples() {
        let (reason, message) = (refusal.reason(), refusal.to_string());
        let status = Status::from(refusal);
        assert_eq!(status.code(), reason.code());
        assert_eq!(status.message(), message);
        assert!(!message.ends_with('.') && !message.is_empty(), "{message}");
        let details = status.get_error_details();
        let info = details.error_info().expect("an ErrorInfo");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason.as_str(), "silhouette.dev"));
        assert_eq!(details.retry_info().is_some(), reason.is_worth_waiting());
    }
}

#[test]
fn a_users_key_is_in_the_metadata_as_base64_and_in_no_message() {
    let refusal = Refusal::from(Rejection::DuplicateKey { key: UserKey::new(b"secret\0\xff") });
    assert_eq!(refusal.metadata(), [("key", "c2VjcmV0AP8=".to_owned())]);
    assert!(!format!("{refusal} {refusal:?}").contains("secret"));
    assert!(!Status::from(refusal).message().contains("secret"));
}

#[test]
fn an_invalid_request_lists_every_bad_field() {
    let violations = vec![
        FieldViolation { field: "round_id", sentence: "round id must not be empty".to_owned() },
        FieldViolation { field: "spec", sentence: "a spec is required".to_owned() },
    ];
    let status = Status::from(Refusal::fields(violations));
    let details = status.get_error_details();
    let listed = &details.bad_request().expect("a BadRequest").field_violations;
    let fields: Vec<&str> = listed.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["round_id", "spec"]);
    assert_eq!(details.error_info().expect("an ErrorInfo").metadata["fields"], "round_id,spec");
}

/// Knows one member.
struct Book;

impl AddressBook for Book {
    fn client_address(&self, member: MemberId) -> Option<String> {
        (member == MemberId(1)).then(|| "a:1".to_owned())
    }
}

#[test]
fn a_lost_leader_is_told_by_its_address() {
    let leader = Some("a:1".to_owned());
    let refused = |error| Refusal::of_proposal(error, &Book);
    let one = Some(MemberId(1));
    assert_eq!(refused(ProposeError::NotLeader { leader: one }), Refusal::NotLeader { leader: leader.clone() });
    assert_eq!(refused(ProposeError::OutcomeUnknown { leader: one }), Refusal::OutcomeUnknown { leader });
    assert_eq!(refused(ProposeError::NotLeader { leader: None }), Refusal::NoLeader);
    let stranger = ProposeError::OutcomeUnknown { leader: Some(MemberId(2)) };
    assert_eq!(refused(stranger), Refusal::OutcomeUnknown { leader: None });
}
