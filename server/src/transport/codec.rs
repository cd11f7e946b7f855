//! Raft messages and reports as they travel. Raft's own messages are of an older prost than the rest.

use bytes::Bytes;
use prost011::Message as _;
use raft::prelude::Message;

use crate::{ids::MemberId, service::refusal::Refusal, state::Command};

/// Length of an encoded message in bytes.
pub(super) fn message_bytes(message: &Message) -> usize {
    message.encoded_len()
}

/// A raft message as it travels.
pub(super) fn encode_message(message: &Message) -> Bytes {
    message.encode_to_vec().into()
}

/// The raft messages of a batch.
pub(super) fn decode_messages(batch: Vec<Bytes>) -> Result<Vec<Message>, Refusal> {
    let messages = batch.into_iter().map(Message::decode).collect::<Result<_, _>>();
    messages.map_err(|error| Refusal::Unreadable { why: format!("a raft message is malformed: {error}") })
}

/// A report as it travels: a command as the log has it.
pub(super) fn encode_report(report: &Command) -> Result<Bytes, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(report).map(Bytes::from)
}

/// The report that `sender` submits. A member may speak of itself alone.
pub(super) fn decode_report(sender: MemberId, report: &[u8]) -> Result<Command, Refusal> {
    let report: Command = rmp_serde::from_slice(report)
        .map_err(|error| Refusal::Unreadable { why: format!("the report is malformed: {error}") })?;
    let speaks_of = match &report {
        Command::ReportEncoding { member, .. }
        | Command::ReportHeld { member, .. }
        | Command::ReportLost { member, .. }
        | Command::ReportDestroyed { member, .. } => *member,
        Command::RegisterMember { record } => record.id,
        _ => return Err(Refusal::field("report", "must be a report of a member")),
    };
    if speaks_of == sender { Ok(report) } else { Err(Refusal::field("report", "must be about its sender")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RoundUid;

    const UID: RoundUid = RoundUid([7; 16]);

    #[test]
    fn a_report_about_its_sender_travels_unchanged() {
        let member = MemberId(3);
        for report in [Command::ReportHeld { uid: UID, member }, Command::ReportLost { uid: UID, member }] {
            let bytes = encode_report(&report).expect("commands encode");
            assert_eq!(decode_report(member, &bytes), Ok(report));
        }
    }

    #[test]
    fn a_report_about_another_member_is_refused() {
        let bytes = encode_report(&Command::ReportHeld { uid: UID, member: MemberId(3) }).expect("commands encode");
        assert!(decode_report(MemberId(2), &bytes).is_err());
    }

    #[test]
    fn a_command_that_is_no_report_is_refused() {
        let bytes = encode_report(&Command::DeleteRound { uid: UID }).expect("commands encode");
        assert!(decode_report(MemberId(2), &bytes).is_err());
        assert!(decode_report(MemberId(2), b"\xc1").is_err());
    }

    #[test]
    fn a_raft_message_travels_unchanged() {
        let message = Message { to: 2, from: 1, index: 9, ..Message::default() };
        assert_eq!(message_bytes(&message), encode_message(&message).len());
        assert_eq!(decode_messages(vec![encode_message(&message)]), Ok(vec![message]));
        assert!(decode_messages(vec![Bytes::from_static(b"\xff")]).is_err());
    }
}
