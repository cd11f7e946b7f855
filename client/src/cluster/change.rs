//! Membership changes: decided on a configuration, refused if it is no longer the present one, then decided anew.

use std::sync::Arc;

use silhouette_proto::v1::{ChangeMembersRequest, MemberAction, MemberChange};

use super::{ClusterStep, Configuration, patience::Patience, present};
use crate::{
    Error, MemberId, Refusal,
    network::{Call, Network, Quest, cluster},
};

/// Parts of one membership change.
pub(super) type Parts = Vec<(MemberId, MemberAction)>;

/// A learner lags, or does not hold every Ready encoding.
const NOT_CAUGHT_UP: &str = "NOT_CAUGHT_UP";
/// Refusals that pass: somebody else's change came first, or is not finished.
const OVERTAKEN: [&str; 2] = ["CONFIGURATION_CHANGED", "CHANGE_IN_FLIGHT"];

/// Carries out what `decide` asks for, given the present configuration, until it asks for nothing more or the change it
/// asked for is in force. Returns the configuration after it.
pub(super) async fn carry_out(
    network: &Arc<Network>,
    patience: &mut Patience,
    what: &'static str,
    decide: impl Fn(&Configuration) -> Parts + Send,
    observe: &mut (dyn FnMut(&ClusterStep) + Send),
) -> Result<Configuration, Error> {
    let mut told = false;
    loop {
        let configuration = present::ask_all(network, patience).await?;
        let parts = decide(&configuration);
        if parts.is_empty() && !configuration.joint {
            return Ok(configuration);
        }
        let refusal = if configuration.joint {
            None
        } else {
            match request(network, patience, what, &configuration, &parts).await {
                Ok(changed) => return Ok(changed),
                Err(Error::Refused(refusal)) if passes(&refusal) => Some(refusal),
                Err(error) => return Err(error),
            }
        };
        if !told && refusal.as_ref().is_some_and(|refusal| refusal.reason() == NOT_CAUGHT_UP) {
            let promoted = parts.iter().filter(|(_, action)| *action == MemberAction::Promote);
            observe(&ClusterStep::CatchingUp(promoted.map(|(member, _)| *member).collect()));
            told = true;
        }
        if !patience.pause().await {
            return Err(refusal.map_or(Error::timed_out(what, patience.whole()), Error::Refused));
        }
    }
}

async fn request(
    network: &Arc<Network>,
    patience: &Patience,
    what: &'static str,
    seen: &Configuration,
    parts: &Parts,
) -> Result<Configuration, Error> {
    let request = ChangeMembersRequest {
        cluster_id: seen.cluster.to_string(),
        expected_conf_index: seen.index.get(),
        changes: parts
            .iter()
            .map(|(member, action)| MemberChange { member_id: member.get(), action: (*action).into() })
            .collect(),
        // People know what they replace: a fenced member, too, is heard of.
        replaced_silent_ms: 0,
    };
    let ask = |channel| {
        let request = request.clone();
        async move { cluster(channel).change_members(request).await }
    };
    let response = Quest::anywhere(network, Call::changes(what), patience.left()).answer(ask).await?;
    if let Some(configuration) = &response.configuration {
        network.learn_members(configuration);
    }
    Configuration::from_response(response.configuration)
}

fn passes(refusal: &Refusal) -> bool {
    refusal.reason() == NOT_CAUGHT_UP || OVERTAKEN.contains(&refusal.reason())
}
