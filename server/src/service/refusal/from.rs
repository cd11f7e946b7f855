//! Refusals of consensus, in the words of the protocol.

use super::Refusal;
use crate::{
    consensus::ProposeError,
    ids::MemberId,
    state::{Rejection, State},
    storage::StorageError,
};

/// Where clients reach members.
pub trait AddressBook {
    /// The client address of a member, if known.
    fn client_address(&self, member: MemberId) -> Option<String>;
}

impl AddressBook for State {
    fn client_address(&self, member: MemberId) -> Option<String> {
        self.member(member).map(|record| record.client_address.clone()).filter(|address| !address.is_empty())
    }
}

impl Refusal {
    /// What a failed proposal or read means to the caller.
    pub fn of_proposal(error: ProposeError, addresses: &impl AddressBook) -> Self {
        let address = |leader: Option<MemberId>| leader.and_then(|leader| addresses.client_address(leader));
        match error {
            ProposeError::NotLeader { leader: None } | ProposeError::NoLeader => Self::NoLeader,
            ProposeError::NotLeader { leader } => Self::NotLeader { leader: address(leader) },
            ProposeError::OutcomeUnknown { leader } => Self::OutcomeUnknown { leader: address(leader) },
            ProposeError::Rejected(rejection) => rejection.into(),
            ProposeError::StorageFailed => Self::StorageFailed,
            ProposeError::Stopped => Self::Draining,
            ProposeError::ConfigurationChanged { index } => Self::ConfigurationChanged { index },
            ProposeError::ChangeInFlight { index } => Self::ChangeInFlight { index },
            ProposeError::ChangeUnsafe { why } => Rejection::ChangeUnsafe { why }.into(),
            ProposeError::MemberActive { member, silence } => Self::MemberActive { member, silence },
            ProposeError::NotCaughtUp { member } => Rejection::NotCaughtUp { member }.into(),
            ProposeError::MemberNotFound { member } => Self::member_not_found(member),
            ProposeError::Busy => Self::Busy,
        }
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "storage failed");
        Self::StorageFailed
    }
}
