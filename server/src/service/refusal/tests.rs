//! Every refusal has its reason, metadata and details, and docs/api.md lists them as they are.

use std::{fmt::Write as _, time::Duration};

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::*;
use crate::{consensus::ProposeError, service::generated_page::check_part, state::UserKey};

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
        Rejection::MemoryBudgetExceeded { id: id(), bytes, limit },
        Rejection::TooManyRounds { limit: 64 },
        Rejection::TooManyOpenRounds { limit: 64 },
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
        Refusal::TooManyQueries { setting: "waiting_queries", limit: 3 },
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
        Refusal::Fenced { member },
        Refusal::Starting,
        Refusal::Uninitialised,
        Refusal::Removed { member },
        Refusal::WrongCluster { ours: ours.clone() },
        Refusal::WrongMember { ours: member },
        Refusal::WrongInstance { ours: InstanceId([3; 16]) },
        Refusal::AlreadyInitialised { cluster: ours },
        Refusal::ConfigurationChanged { index },
        Refusal::ChangeInFlight { index },
        Refusal::MemberActive { member, silence: Duration::from_millis(1_200) },
    ];
    let limits = NodeLimit::ALL.map(|limit| Refusal::LimitReached { limit, allowed: 7 });
    rejections.into_iter().map(Refusal::from).chain(own).chain(limits).collect()
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

/// The names of a reason's metadata, as a cell of a table. Refusals of one reason may name their object differently.
fn metadata(reason: Reason) -> String {
    let mut alternatives: Vec<String> = Vec::new();
    for refusal in samples().iter().filter(|refusal| refusal.reason() == reason) {
        let names: Vec<String> = refusal.metadata().iter().map(|(name, _)| format!("`{name}`")).collect();
        let names = names.join(", ");
        if !alternatives.contains(&names) {
            alternatives.push(names);
        }
    }
    alternatives.join(" or ")
}

/// The table of all reasons.
fn table() -> String {
    let mut table = "| reason | code | metadata | `RetryInfo` | when |\n|---|---|---|---|---|\n".to_owned();
    for reason in Reason::ALL {
        let (name, code, metadata) = (reason.as_str(), screaming(reason.code()), metadata(*reason));
        let retry = if reason.is_worth_waiting() { "yes" } else { "" };
        let when = reason.when().trim().trim_end_matches('.');
        writeln!(table, "| `{name}` | {code} | {metadata} | {retry} | {when} |").expect("a text takes all writes");
    }
    table
}

#[test]
fn the_generated_page_lists_every_reason() {
    check_part("api.md", "reasons", &table());
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
