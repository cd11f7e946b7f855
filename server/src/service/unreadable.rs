//! Requests that are no messages of their type, or too large: tonic refuses them before a service sees them, and this
//! gives its refusals the reason that every status of a node carries.

use http::Response;
use tonic::{Code, Status, body::Body};

use super::refusal::Refusal;

/// A response of a service, whose status has a reason if it was tonic that could not read the request.
///
/// Services themselves give every status a reason, which is in its details.
pub(super) fn explain(response: Response<Body>, message_bytes: u32) -> Response<Body> {
    match Status::from_header_map(response.headers()) {
        Some(status) if is_unreadable(&status) => unreadable(&status, message_bytes).into_http(),
        _ => response,
    }
}

/// Whether a message could not be decoded, or was too large.
pub(super) fn is_unreadable(status: &Status) -> bool {
    matches!(status.code(), Code::Internal | Code::OutOfRange) && status.details().is_empty()
}

/// The same in the words of the protocol, at a node that takes messages of so many bytes.
pub(super) fn unreadable(status: &Status, message_bytes: u32) -> Status {
    match status.code() {
        Code::OutOfRange => Refusal::MessageTooLarge { limit: message_bytes }.into(),
        _ => Refusal::Unreadable { why: status.message().to_owned() }.into(),
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    fn explained(status: Status) -> Status {
        let response = explain(status.into_http(), 64);
        Status::from_header_map(response.headers()).expect("a status")
    }

    #[test]
    fn a_request_that_cannot_be_read_is_an_invalid_one() {
        let status = explained(Status::internal("invalid wire type"));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "INVALID_REQUEST");
        assert!(status.message().contains("invalid wire type"), "{}", status.message());
    }

    #[test]
    fn a_request_that_is_too_long_meets_a_limit() {
        let status = explained(Status::out_of_range("decoded message length too large"));
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(status.get_details_error_info().expect("an ErrorInfo").reason, "MESSAGE_TOO_LARGE");
        assert!(status.message().contains("64 bytes"), "{}", status.message());
    }

    #[test]
    fn what_a_service_refuses_stays_as_it_is() {
        let refused = explained(Refusal::OffsetOutOfRange { offset: 2, total: 1 }.into());
        assert_eq!(refused.get_details_error_info().expect("an ErrorInfo").reason, "OFFSET_OUT_OF_RANGE");
        assert_eq!(explained(Status::unimplemented("no such method")).code(), Code::Unimplemented);
        assert!(Status::from_header_map(explain(Response::new(Body::empty()), 64).headers()).is_none());
    }
}
