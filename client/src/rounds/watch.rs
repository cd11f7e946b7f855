//! Following a round through its changes.

use std::{fmt, sync::Arc};

use silhouette_proto::v1::{WatchRoundRequest, WatchRoundResponse};
use tokio::time::{Instant, timeout};
use tonic::Streaming;

use super::{Phase, Round};
use crate::{
    Error, RequestId, RoundUid,
    network::{Address, Call, Failure, Network, Quest, rounds},
    request::identified_as,
};

/// A point in the history of a cluster; later changes have greater revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(u64);

impl Revision {
    /// The revision of this number, as it was shown.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A round after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoundChange {
    /// When it changed.
    pub revision: Revision,
    /// The round as it is since.
    pub round: Round,
    /// Whether the round was deleted.
    pub deleted: bool,
}

impl RoundChange {
    /// Whether nothing can follow.
    fn is_last(&self) -> bool {
        self.deleted || self.round.phase == Phase::Expired
    }
}

/// Follows a round: as it is, then after each change. A lost stream is resumed at another node, without repetition.
#[derive(Debug)]
pub struct Watch {
    network: Arc<Network>,
    round: RoundUid,
    after: Revision,
    /// The watch is one call, however often its stream is opened.
    request: RequestId,
    stream: Option<Open>,
    quest: Option<Quest>,
    ended: bool,
}

#[derive(Debug)]
struct Open {
    address: Address,
    since: Instant,
    changes: Streaming<WatchRoundResponse>,
}

impl Watch {
    pub(crate) fn new(network: Arc<Network>, round: RoundUid, after: Revision) -> Self {
        Self { network, round, after, request: RequestId::draw(), stream: None, quest: None, ended: false }
    }

    /// Waits for the next change. `None` follows the last one: the round was deleted or has expired.
    ///
    /// # Errors
    /// What the cluster refuses, or [`Error::Unreachable`] and the like once nobody has answered within the client's
    /// timeout. The watch may be asked again after an error; nothing is lost.
    pub async fn next(&mut self) -> Result<Option<RoundChange>, Error> {
        identified_as(self.request, self.follow()).await
    }

    async fn follow(&mut self) -> Result<Option<RoundChange>, Error> {
        let refresh = self.network.settings().watch_refresh;
        while !self.ended {
            let Some(mut open) = self.stream.take() else {
                self.stream = Some(self.open().await?);
                continue;
            };
            match timeout(refresh, open.changes.message()).await {
                Ok(Ok(Some(response))) => {
                    self.stream = Some(open);
                    self.quest = None;
                    if let Some(change) = self.accept(response)? {
                        return Ok(Some(change));
                    }
                }
                Ok(Ok(None)) => self.lose(&open, None)?,
                Ok(Err(status)) => self.lose(&open, Some(Failure::from_status(&status)))?,
                // Nothing has changed, or this node does not hear of it: ask another.
                Err(_) => self.quest = None,
            }
        }
        Ok(None)
    }

    /// Takes over a change, unless it is one that was seen.
    fn accept(&mut self, response: WatchRoundResponse) -> Result<Option<RoundChange>, Error> {
        let revision = Revision(response.revision);
        if self.after != Revision::default() && revision <= self.after {
            return Ok(None);
        }
        let change = RoundChange { revision, round: Round::from_response(response.round)?, deleted: response.deleted };
        self.after = revision;
        self.ended = change.is_last();
        Ok(Some(change))
    }

    async fn open(&mut self) -> Result<Open, Error> {
        self.network.refresh_if_due();
        let request = WatchRoundRequest { round_uid: self.round.to_string(), after_revision: self.after.0 };
        let network = &self.network;
        let quest = self.quest.get_or_insert_with(|| {
            Quest::anywhere(network, Call::reads("watching the round"), network.settings().timeout)
        });
        loop {
            let (address, channel) = quest.connect().await?;
            let request = request.clone();
            let opened = async move { rounds(channel).watch_round(request).await };
            if let Some(response) = quest.attempt(&address, opened).await? {
                return Ok(Open { address, since: Instant::now(), changes: response.into_inner() });
            }
        }
    }

    /// A stream ended that should not have.
    fn lose(&mut self, open: &Open, failure: Option<Failure>) -> Result<(), Error> {
        let settings = self.network.settings();
        let call = Call::reads("watching the round");
        let quest = self.quest.get_or_insert_with(|| Quest::anywhere(&self.network, call, settings.timeout));
        // One that breaks as soon as it is open gets nowhere, however often it opens.
        if open.since.elapsed() > settings.longest_pause {
            quest.progressed();
        }
        let Some(failure) = failure else {
            quest.begin_again();
            return Ok(());
        };
        quest.fail(&open.address, failure)
    }
}
