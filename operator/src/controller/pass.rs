//! One pass over one cluster.

use std::time::Duration;

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::{Api, ResourceExt as _};
use tokio::time::Instant;

use super::{Controller, rollouts::Stage, title};
use crate::{
    api::{SilhouetteCluster, SilhouetteClusterStatus, View},
    carry::{self, carry_out},
    desired::Desired,
    look::{LookError, Sight, look},
    observed::Observed,
    plan::{Action, Plan, Step, plan},
    report::{self, Happening, write_status},
    status::{ConditionKind, Conditions},
    telemetry::Outcome,
};

/// Why a pass failed: the cluster is passed over again after a pause.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassError {
    /// It could not be looked at.
    #[error("the cluster cannot be looked at: {0}")]
    Look(#[from] LookError),
    /// What is asked for could not be read just before a step that takes something away.
    #[error("the resource cannot be read: {0}")]
    Resource(#[source] kube::Error),
    /// Its status was not written.
    #[error("{0}")]
    Report(#[from] report::Error),
    /// A fault of this program.
    #[error("the pass has failed by a fault of the operator itself, which the lines above tell")]
    Panicked,
    /// It took too long.
    #[error("the pass was given up after {} s", limit.as_secs())]
    TooLong {
        /// As long as this.
        limit: Duration,
    },
}

/// How a pass ended.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) outcome: Outcome,
    /// When to come back, if nothing changes before.
    pub(super) next: Next,
}

/// When to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing is to be done.
    AtRest,
    /// Something is left to do or waited for.
    MidStep,
    /// The same would be refused again.
    Later,
}

/// What became of a step.
enum Tried {
    /// Whatever it was, the next look shows it.
    LookAgain,
    /// It is refused for good.
    Refused {
        /// The step, and the refusal.
        why: String,
        /// Whether it is what was sent that is refused.
        is_about_the_object: bool,
    },
}

impl Controller {
    /// Looks, plans, carries out one step at most, and reports.
    pub(super) async fn pass(&self, cluster: &SilhouetteCluster) -> Result<Passed, PassError> {
        // What belongs to a resource that is being deleted goes with it.
        if cluster.metadata.deletion_timestamp.is_some() {
            self.rollouts.forget(&title(cluster));
            return Ok(Passed { outcome: Outcome::Rested, next: Next::AtRest });
        }
        let desired = match cluster.desired() {
            Ok(desired) => desired,
            Err(refusal) => {
                self.rollouts.unclear(&title(cluster));
                self.report(cluster, &SilhouetteClusterStatus::refused(cluster, &refusal, &now())).await?;
                return Ok(Passed { outcome: Outcome::Waited, next: Next::AtRest });
            }
        };
        let looked = self.look(cluster, &desired, Sight::Cached).await;
        if let Err(PassError::Look(error)) = &looked
            && let Some(reason) = reason_for_people(error)
        {
            let status = SilhouetteClusterStatus::unplanned(cluster, reason, error.to_string(), &now());
            self.report(cluster, &status).await?;
        }
        let observed = looked?;
        let plan = plan(&desired, &observed);
        let tried = match plan.next() {
            Some(step) if !self.stopping.is_cancelled() => Some(self.step(cluster, step).await?),
            _ => None,
        };
        let conditions = judge(&desired, &observed, &plan, tried.as_ref());
        self.tally.judged(&title(cluster), &conditions, &self.metrics);
        let view =
            View { observed: &observed, plan: &plan, conditions: &conditions, version: observed.version.as_deref() };
        self.report(cluster, &SilhouetteClusterStatus::of(cluster, &view, &now())).await?;
        if let Some(tried) = tried {
            let next = if matches!(tried, Tried::Refused { .. }) { Next::Later } else { Next::MidStep };
            return Ok(Passed { outcome: Outcome::Stepped, next });
        }
        self.count_blocked(&plan);
        Ok(if conditions.holds(ConditionKind::Reconciling) {
            Passed { outcome: Outcome::Waited, next: Next::MidStep }
        } else if conditions.holds(ConditionKind::Stalled) {
            Passed { outcome: Outcome::Waited, next: Next::AtRest }
        } else {
            Passed { outcome: Outcome::Rested, next: Next::AtRest }
        })
    }

    /// Counts what keeps the first step from being carried out.
    fn count_blocked(&self, plan: &Plan) {
        if let Some(blocker) = plan.steps.iter().find_map(|step| step.blocked_by.as_ref()) {
            self.metrics.blocked(blocker.code.as_str());
        }
    }

    /// One look, and whose turn it is.
    async fn look(&self, cluster: &SilhouetteCluster, desired: &Desired, sight: Sight) -> Result<Observed, PassError> {
        let began = Instant::now();
        let looked = look(&self.surroundings, cluster, sight).await;
        self.metrics.looked(sight, began.elapsed());
        let mut observed = looked?;
        let generation = cluster.metadata.generation.unwrap_or_default();
        let stage = Stage::of(desired, &observed);
        observed.rolling_elsewhere = self.rollouts.elsewhere(&title(cluster), generation, stage);
        Ok(observed)
    }

    /// Tries a step, and tells of it.
    async fn step(&self, cluster: &SilhouetteCluster, step: &Step) -> Result<Tried, PassError> {
        tracing::Span::current().record("step", step.short());
        let verb = step.action.verb();
        if step.action.needs_second_look() && !self.is_proposed_again(cluster, step).await? {
            let outcome = carry::Outcome::Overtaken;
            tracing::info!(outcome = outcome.as_str(), "{step}: a second look does not propose it");
            self.metrics.stepped(verb, outcome);
            return Ok(Tried::LookAgain);
        }
        let carried = carry_out(&self.surroundings, cluster, &step.action).await;
        let outcome = carried.as_ref().map_or_else(carry::Error::outcome, |()| carry::Outcome::Done);
        self.metrics.stepped(verb, outcome);
        match carried {
            Ok(()) => {
                tracing::info!(outcome = outcome.as_str(), "{step}");
                self.tell(cluster, &Happening::of_step(step, &cluster.namespace().unwrap_or_default())).await;
            }
            Err(error) => {
                tracing::warn!(outcome = outcome.as_str(), "{step}: {error}");
                if outcome == carry::Outcome::Refused {
                    let is_about_the_object = error.is_about_the_object();
                    return Ok(Tried::Refused { why: format!("{step}: {error}"), is_about_the_object });
                }
            }
        }
        Ok(Tried::LookAgain)
    }

    /// Whether a look past every cache proposes the same step, for what is asked for now.
    async fn is_proposed_again(&self, cluster: &SilhouetteCluster, step: &Step) -> Result<bool, PassError> {
        let namespace = cluster.namespace().unwrap_or_default();
        let resources: Api<SilhouetteCluster> = Api::namespaced(self.surroundings.client.clone(), &namespace);
        let read = resources.get_opt(&cluster.name_any()).await.map_err(PassError::Resource)?;
        let is_the_same =
            |read: &SilhouetteCluster| read.uid() == cluster.uid() && read.metadata.deletion_timestamp.is_none();
        let Some(cluster) = read.filter(is_the_same) else { return Ok(false) };
        let Ok(desired) = cluster.desired() else { return Ok(false) };
        let observed = self.look(&cluster, &desired, Sight::Fresh).await?;
        Ok(plan(&desired, &observed).next().is_some_and(|again| again.action == step.action))
    }

    /// Writes the status, and tells of conditions that changed with it.
    async fn report(&self, cluster: &SilhouetteCluster, status: &SilhouetteClusterStatus) -> Result<(), PassError> {
        match write_status(&self.surroundings.client, cluster, status).await {
            Ok(happenings) => {
                for happening in &happenings {
                    self.tell(cluster, happening).await;
                }
                Ok(())
            }
            // The watch brings the newer resource, and a pass with it.
            Err(changed @ report::Error::Changed { .. }) => {
                tracing::debug!("{changed}");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Publishes an event. Without it nothing goes wrong.
    async fn tell(&self, cluster: &SilhouetteCluster, happening: &Happening) {
        if let Err(error) = self.events.publish(cluster, happening).await {
            tracing::warn!("an event is lost: {error}");
        }
    }
}

/// What is told of the cluster: what was seen, and that people must help if a step is refused for good.
fn judge(desired: &Desired, observed: &Observed, plan: &Plan, tried: Option<&Tried>) -> Conditions {
    let conditions = Conditions::judge(desired, observed, plan);
    let Some(Tried::Refused { why, is_about_the_object }) = tried else { return conditions };
    let reason = match plan.next().map(|step| &step.action) {
        // The template is the one part of it that people write as they like.
        Some(Action::ApplySet { .. }) if *is_about_the_object => "InvalidPodTemplate",
        _ => "StepRefused",
    };
    conditions.stalled_by(reason, why.clone())
}

/// Why a look fails for as long as people do nothing; nothing if it may succeed the next time.
const fn reason_for_people(error: &LookError) -> Option<&'static str> {
    match error {
        LookError::Resources(_) => Some("InvalidSpec"),
        LookError::NoPlace { .. } => Some("MemberWithoutPod"),
        LookError::Unread(_) => Some("NotReadable"),
        _ => None,
    }
}

fn now() -> Time {
    Time(Timestamp::now())
}
