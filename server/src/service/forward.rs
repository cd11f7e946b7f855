//! Writes that reach a follower: carried on to the leader, once.
//!
//! The leader's answer is the answer. A write that surely never left this node is refused with `NO_LEADER`; one whose
//! answer was lost with `OUTCOME_UNKNOWN`, since the leader may have carried it out.

use std::{error::Error as _, time::Duration};

use parking_lot::Mutex;
use tonic::{
    Code, ConnectError, Request, Response, Status,
    metadata::{AsciiMetadataValue, MetadataMap},
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

use super::refusal::{AddressBook, DOMAIN, Reason, Refusal};
use crate::{
    consensus::ProposeError,
    node::{Member, NodeHandle},
    telemetry::carry_on,
};

/// Marks a request that a node has forwarded: it is not forwarded again, so that nodes that disagree about who leads
/// cannot send it in a circle.
pub(crate) const FORWARDED: &str = "silhouette-forwarded";
/// The caller's deadline, which holds for the leader too.
const DEADLINE: &str = "grpc-timeout";

/// What is sent to the leader, over a connection for its kind: a stream that the leader does not read on fills its
/// connection's window, and calls must not wait behind it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Traffic {
    /// Calls with one request.
    Calls,
    /// Streams of publications.
    Streams,
}

/// Where a write is carried out.
#[derive(Debug)]
pub(super) enum Place {
    /// This node leads.
    Here,
    /// Another node leads.
    There(Channel),
}

/// The way to the leader.
#[derive(Debug)]
pub(super) struct Forwarder {
    /// A connection attempt fails after so long, and a connection that is silent for so long is dead.
    patience: Duration,
    /// The connections to the last leader, by its address.
    calls: Mutex<Option<(String, Channel)>>,
    streams: Mutex<Option<(String, Channel)>>,
}

impl Forwarder {
    pub(super) fn new(node: &NodeHandle) -> Self {
        let patience = node.settings().configuration.raft.connect_timeout;
        Self { patience, calls: Mutex::new(None), streams: Mutex::new(None) }
    }

    /// Where a write with this metadata is carried out.
    pub(super) fn place(&self, member: &Member, metadata: &MetadataMap, traffic: Traffic) -> Result<Place, Refusal> {
        let (leads, leader) = {
            let status = member.consensus.status();
            let status = status.borrow();
            (status.leads(), status.leader)
        };
        if leads {
            return Ok(Place::Here);
        }
        let leader = leader.and_then(|leader| member.consensus.state().client_address(leader));
        let leader = onward(leader, metadata)?;
        self.connect(leader, traffic).map(Place::There)
    }

    /// The refusal of a call that only a leader answers.
    pub(super) fn redirection(member: &Member) -> Refusal {
        let leader = member.consensus.status().borrow().leader;
        member.refusal(ProposeError::NotLeader { leader })
    }

    /// Carries out a write `here`, or has the leader do so over `there`.
    pub(super) async fn carry_out<Q, A, H, T>(
        &self,
        member: Member,
        request: Request<Q>,
        here: impl FnOnce(Member, Q) -> H,
        there: impl FnOnce(Channel, Request<Q>) -> T,
    ) -> Result<Response<A>, Status>
    where
        H: Future<Output = Result<A, Refusal>>,
        T: Future<Output = Result<Response<A>, Status>>,
    {
        match self.place(&member, request.metadata(), Traffic::Calls)? {
            Place::Here => Ok(Response::new(here(member, request.into_inner()).await?)),
            Place::There(leader) => {
                let deadline = deadline(request.metadata());
                let answer = there(leader, forwarded(request.into_inner(), deadline)).await;
                answer.map(|answer| Response::new(answer.into_inner())).map_err(outcome)
            }
        }
    }

    /// The connection to a leader, made when it is first used.
    fn connect(&self, leader: String, traffic: Traffic) -> Result<Channel, Refusal> {
        let mut connection = match traffic {
            Traffic::Calls => self.calls.lock(),
            Traffic::Streams => self.streams.lock(),
        };
        if let Some((address, channel)) = &*connection
            && *address == leader
        {
            return Ok(channel.clone());
        }
        let endpoint = Endpoint::from_shared(format!("http://{leader}")).map_err(|_| Refusal::NoLeader)?;
        let channel = endpoint
            .connect_timeout(self.patience)
            .http2_keep_alive_interval(self.patience)
            .keep_alive_timeout(self.patience)
            .connect_lazy();
        *connection = Some((leader, channel.clone()));
        Ok(channel)
    }
}

/// The leader to forward a request to, given its address if it is known.
fn onward(leader: Option<String>, metadata: &MetadataMap) -> Result<String, Refusal> {
    match leader {
        None => Err(Refusal::NoLeader),
        Some(leader) if metadata.contains_key(FORWARDED) => Err(Refusal::NotLeader { leader: Some(leader) }),
        Some(leader) => Ok(leader),
    }
}

/// A request as it is sent to the leader.
pub(super) fn forwarded<Q>(message: Q, deadline: Option<AsciiMetadataValue>) -> Request<Q> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert(FORWARDED, AsciiMetadataValue::from_static("1"));
    carry_on(metadata);
    if let Some(deadline) = deadline {
        metadata.insert(DEADLINE, deadline);
    }
    request
}

/// The caller's deadline.
pub(super) fn deadline(metadata: &MetadataMap) -> Option<AsciiMetadataValue> {
    metadata.get(DEADLINE).cloned()
}

/// What the end of a forwarded call means to its caller.
pub(super) fn outcome(status: Status) -> Status {
    if let Some(info) = status.get_details_error_info()
        && info.domain == DOMAIN
    {
        if [Reason::Uninitialised, Reason::Fenced].map(Reason::as_str).contains(&&*info.reason) {
            // The leader has lost its disk, or is about to hand over: that is said of the address, not of the call.
            return Refusal::NoLeader.into();
        }
        // Without the metadata of the connection between the nodes.
        return Status::with_details(status.code(), status.message(), status.details().to_vec().into());
    }
    if was_never_sent(&status) {
        return Refusal::NoLeader.into();
    }
    match status.code() {
        Code::Unavailable
        | Code::Unknown
        | Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Internal
        | Code::Aborted => Refusal::OutcomeUnknown { leader: None }.into(),
        _ => status,
    }
}

/// Whether there was no connection to send the call over.
fn was_never_sent(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<ConnectError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MemberId;

    fn reason(status: &Status) -> String {
        status.get_details_error_info().expect("an ErrorInfo").reason
    }

    #[test]
    fn a_request_is_forwarded_once() {
        let fresh = MetadataMap::new();
        let leader = || Some("a:1".to_owned());
        assert_eq!(onward(leader(), &fresh), Ok("a:1".to_owned()));
        assert_eq!(onward(None, &fresh), Err(Refusal::NoLeader));
        let again = forwarded((), None);
        assert_eq!(onward(leader(), again.metadata()), Err(Refusal::NotLeader { leader: leader() }));
        assert_eq!(onward(None, again.metadata()), Err(Refusal::NoLeader));
    }

    #[test]
    fn the_callers_deadline_goes_with_it() {
        let mut given = Request::new(());
        given.set_timeout(Duration::from_secs(7));
        let sent = forwarded((), deadline(given.metadata()));
        assert_eq!(sent.metadata().get(DEADLINE), given.metadata().get(DEADLINE));
        assert!(sent.metadata().get(DEADLINE).is_some());
        assert!(forwarded((), None).metadata().get(DEADLINE).is_none());
    }

    #[test]
    fn the_leaders_refusal_is_the_answer() {
        let status = outcome(Refusal::Busy.into());
        assert_eq!((status.code(), reason(&status)), (Code::Unavailable, Reason::Busy.as_str().to_owned()));
    }

    #[test]
    fn a_leader_that_lost_its_disk_or_is_fenced_is_no_leader() {
        assert_eq!(reason(&outcome(Refusal::Uninitialised.into())), "NO_LEADER");
        assert_eq!(reason(&outcome(Refusal::Fenced { member: MemberId(1) }.into())), "NO_LEADER");
    }

    #[test]
    fn a_lost_answer_is_told_from_a_call_that_was_never_sent() {
        let never = Status::from_error(Box::new(ConnectError("connection refused".into())));
        assert_eq!(reason(&outcome(never)), "NO_LEADER");
        assert_eq!(reason(&outcome(Status::unavailable("connection reset"))), "OUTCOME_UNKNOWN");
        assert_eq!(reason(&outcome(Status::cancelled("timeout expired"))), "OUTCOME_UNKNOWN");
        assert_eq!(outcome(Status::unimplemented("an older version")).code(), Code::Unimplemented);
    }
}
