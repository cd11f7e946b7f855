//! A server's "no": a stable reason, a sentence for people, and the values that the sentence is about.

use std::{collections::BTreeMap, fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{RequestId, error::Named};

/// The domain of every reason that a Silhouette server gives.
const DOMAIN: &str = "silhouette.dev";
/// Metadata under which a refusal names a user's key, in base64.
const KEY: &str = "key";
/// The reason of a node that belongs to no cluster.
const UNINITIALISED: &str = "UNINITIALISED";

/// What a server answered when it did not do what was asked.
///
/// `reason` and the names of its metadata are stable; the message is not. `Display` shows the message and, where one
/// key is to blame, that key: it is meant for the user who published it. `Debug` leaves the key out, for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: String,
    message: String,
    metadata: BTreeMap<String, String>,
    retry_after: Option<Duration>,
    /// Whether the node has too much to do.
    limits_the_node: bool,
    try_again: TryAgain,
    request: Option<RequestId>,
}

/// What may follow a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TryAgain {
    /// The same call may be repeated, here or elsewhere.
    Repeat,
    /// This node cannot serve it in its present state; another may.
    Elsewhere,
    /// The caller must do something else first.
    Never,
}

impl Refusal {
    /// Reads the `ErrorInfo` of `status`; `None` if no Silhouette server wrote it.
    pub(crate) fn from_status(status: &Status) -> Option<Self> {
        let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN)?;
        let retry_after = status.get_details_retry_info().and_then(|info| info.retry_delay);
        let try_again = match (status.code(), info.reason.as_str()) {
            (_, UNINITIALISED | "REMOVED" | "FENCED" | "WRONG_CLUSTER" | "WRONG_MEMBER") => TryAgain::Elsewhere,
            // A limit of this moment: others have taken what there is.
            (Code::ResourceExhausted, _) if retry_after.is_some() => TryAgain::Repeat,
            (_, "OUTCOME_UNKNOWN") | (Code::Unavailable, _) => TryAgain::Repeat,
            _ => TryAgain::Never,
        };
        Some(Self {
            reason: info.reason,
            message: status.message().to_owned(),
            metadata: info.metadata.into_iter().collect(),
            retry_after,
            limits_the_node: status.code() == Code::ResourceExhausted && try_again == TryAgain::Repeat,
            try_again,
            request: status.get_details_request_info().and_then(|info| RequestId::parse(&info.request_id)),
        })
    }

    /// The stable reason, such as `ROUND_NOT_FOUND`.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The server's sentence; it may change between versions.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A value of the sentence by its stable name, such as `roundId`.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.metadata.get(name).map(String::as_str)
    }

    /// How long the server asks to wait before the call is repeated.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The id of the call that was refused, under which servers have logged it.
    pub fn request_id(&self) -> Option<RequestId> {
        self.request
    }

    /// The call that was refused, if the server did not say.
    pub(crate) fn belong_to(&mut self, call: RequestId) {
        self.request = self.request.or(Some(call));
    }

    /// The published key that is to blame, for the eyes of whoever published it.
    pub fn key(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.metadata(KEY)?).ok()
    }

    pub(crate) fn try_again(&self) -> TryAgain {
        self.try_again
    }

    /// Whether it is about the node's own state rather than about the call: another node should be asked first.
    pub(crate) fn speaks_of_the_node(&self) -> bool {
        self.try_again == TryAgain::Elsewhere
            || self.limits_the_node
            || matches!(self.reason.as_str(), "DRAINING" | "STORAGE_FAILED")
    }

    /// Whether the node that answered, or the one that it forwarded the call to, belongs to no cluster.
    pub(crate) fn tells_of_no_cluster(&self) -> bool {
        self.reason == UNINITIALISED
    }

    /// Addresses of the nodes that the refusal sends us to, best first.
    pub(crate) fn directions(&self) -> impl Iterator<Item = &str> {
        let leader = self.metadata("leader").into_iter();
        let holders = self.metadata("holders").into_iter().flat_map(|holders| holders.split(','));
        leader.chain(holders).map(str::trim).filter(|address| !address.is_empty())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(key) = self.key() {
            write!(f, " (key \"{}\")", key.escape_ascii())?;
        }
        Named(self.request).fmt(f)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata: BTreeMap<_, _> = self.metadata.iter().filter(|(name, _)| *name != KEY).collect();
        f.debug_struct("Refusal")
            .field("reason", &self.reason)
            .field("message", &self.message)
            .field("metadata", &metadata)
            .field("retry_after", &self.retry_after)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    fn status(code: Code, reason: &str, metadata: &[(&str, &str)]) -> Status {
        let metadata: HashMap<_, _> = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Status::with_error_details(code, "sentence", ErrorDetails::with_error_info(reason, DOMAIN, metadata))
    }

    #[test]
    fn a_key_is_shown_to_its_user_and_kept_out_of_logs() {
        let status = status(Code::AlreadyExists, "KEY_CONFLICT", &[("key", &STANDARD.encode(b"level\x00-17"))]);
        let refusal = Refusal::from_status(&status).expect("it carries an ErrorInfo");
        assert_eq!(refusal.key().as_deref(), Some(&b"level\x00-17"[..]));
        assert_eq!(refusal.to_string(), "sentence (key \"level\\x00-17\")");
        let logged = format!("{refusal:?}");
        assert!(!logged.contains("level") && !logged.contains(&STANDARD.encode(b"level\x00-17")), "{logged}");
    }

    #[test]
    fn only_silhouettes_own_statuses_are_refusals() {
        assert!(Refusal::from_status(&Status::unavailable("proxy")).is_none());
        let foreign = ErrorDetails::with_error_info("ROUND_CLOSED", "example.org", HashMap::new());
        assert!(Refusal::from_status(&Status::with_error_details(Code::Aborted, "no", foreign)).is_none());
    }

    #[test]
    fn the_code_says_whether_to_repeat_and_the_metadata_where() {
        let read = |code, reason, metadata: &[_]| Refusal::from_status(&status(code, reason, metadata));
        let held = read(Code::Unavailable, "ROUND_NOT_HELD", &[("holders", "a:1, b:2")]).expect("ours");
        assert_eq!(held.try_again(), TryAgain::Repeat);
        assert_eq!(held.directions().collect::<Vec<_>>(), ["a:1", "b:2"]);
        let unknown = read(Code::Unknown, "OUTCOME_UNKNOWN", &[]).expect("ours");
        assert_eq!(unknown.try_again(), TryAgain::Repeat);
        let blank = read(Code::FailedPrecondition, "UNINITIALISED", &[]).expect("ours");
        assert_eq!(blank.try_again(), TryAgain::Elsewhere);
        let stranger = read(Code::FailedPrecondition, "WRONG_CLUSTER", &[]).expect("ours");
        assert_eq!(stranger.try_again(), TryAgain::Elsewhere);
        assert!(blank.tells_of_no_cluster() && !stranger.tells_of_no_cluster());
        let fenced = read(Code::Unavailable, "FENCED", &[]).expect("ours");
        assert_eq!(fenced.try_again(), TryAgain::Elsewhere, "time does not heal it");
        let full = read(Code::ResourceExhausted, "ROUND_TOO_LARGE", &[]).expect("ours");
        assert_eq!(full.try_again(), TryAgain::Never);
        let closed = read(Code::FailedPrecondition, "ROUND_CLOSED", &[]).expect("ours");
        assert_eq!(closed.try_again(), TryAgain::Never);
    }

    #[test]
    fn a_node_with_too_much_to_do_is_asked_again_later_and_a_round_with_too_much_in_it_is_not() {
        let read = |reason, details: ErrorDetails| {
            let status = Status::with_error_details(Code::ResourceExhausted, reason, details);
            Refusal::from_status(&status).expect("ours")
        };
        let info = |reason: &str| ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
        let mut waits = info("TOO_MANY_CALLS");
        waits.set_retry_info(Some(Duration::from_millis(500)));
        let busy = read("TOO_MANY_CALLS", waits);
        assert_eq!((busy.try_again(), busy.speaks_of_the_node()), (TryAgain::Repeat, true));
        let full = read("TOO_MANY_PAIRS", info("TOO_MANY_PAIRS"));
        assert_eq!((full.try_again(), full.speaks_of_the_node()), (TryAgain::Never, false));
    }
}
