//! The loop: passes over clusters, each of which looks, plans, carries out one step at most, and reports.
//!
//! A cluster is passed over when its resource or an object of it changes, and after a pause otherwise, since nodes tell
//! nothing by themselves. There is one pass over a cluster at a time, and one cluster never waits for another: what is
//! bounded is the number of requests to the API server, not the number of passes, as a pass may wait for nodes that hang.

mod backoff;
mod pass;
mod queue;
mod rollouts;
mod tally;

use std::{fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{
    FutureExt as _, StreamExt as _,
    future::join_all,
    stream::{self, select, select_all},
};
use kube::{
    ResourceExt as _,
    runtime::controller::{Action, Config, Error as ApplierError, applier},
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use self::{
    backoff::Backoffs,
    pass::{Next, PassError},
    queue::Watched,
    rollouts::Rollouts,
    tally::Tally,
};
use crate::{
    api::SilhouetteCluster,
    report::Events,
    surroundings::Surroundings,
    telemetry::{Metrics, Outcome, Part, Vitals},
};

/// Changes that come close together are looked at once.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// For how long all clusters are read for the first time, before the first pass.
const READ_PATIENCE: Duration = Duration::from_secs(20);

/// How often clusters are looked at, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The pause between two passes over a cluster that is as it should be.
    pub rest: Duration,
    /// The pause while something is left to do or waited for.
    pub step: Duration,
    /// For how long a pass may take before it is given up.
    pub pass: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rest: Duration::from_secs(5), step: Duration::from_secs(2), pass: Duration::from_mins(1) }
    }
}

/// The loop, and what it remembers from pass to pass.
pub struct Controller {
    surroundings: Surroundings,
    /// Those that are watched; none: all of them.
    namespaces: Vec<String>,
    events: Events,
    metrics: Arc<Metrics>,
    pace: Pace,
    stopping: CancellationToken,
    rollouts: Rollouts,
    backoffs: Backoffs,
    tally: Tally,
}

impl Controller {
    /// Keeps the clusters of some namespaces, or of all if none is named. No step begins after `stopping`.
    pub fn new(
        surroundings: Surroundings,
        namespaces: Vec<String>,
        events: Events,
        metrics: Arc<Metrics>,
        pace: Pace,
        stopping: CancellationToken,
    ) -> Self {
        let (rollouts, backoffs, tally) = (Rollouts::default(), Backoffs::default(), Tally::default());
        Self { surroundings, namespaces, events, metrics, pace, stopping, rollouts, backoffs, tally }
    }

    /// Keeps clusters until it is stopped; then the passes that have begun end.
    pub async fn run(self, vitals: &Vitals) {
        vitals.enter(Part::Reads);
        let client = &self.surroundings.client;
        let watched: Vec<Watched> = match self.namespaces.as_slice() {
            [] => vec![Watched::begin(client, None)],
            some => some.iter().map(|namespace| Watched::begin(client, Some(namespace))).collect(),
        };
        let (mut appliers, mut watches) = (Vec::new(), Vec::new());
        // It fails only once what fills the store has ended, which it does with this function. A namespace that may not be
        // read is not waited for; whoever watches it tells of it.
        let read =
            join_all(watched.iter().map(|Watched { store, .. }| timeout(READ_PATIENCE, store.wait_until_ready())));
        if self.stopping.run_until_cancelled(read).await.is_none() {
            return;
        }
        for Watched { store, .. } in &watched {
            self.rollouts.expect(store.state().iter().map(|cluster| title(cluster)));
        }
        vitals.enter(Part::Works);
        let shared = Arc::new(self);
        for Watched { store, changes, watching } in watched {
            let touched = shared.surroundings.changes().map(|all| queue::touched(all, store.clone()).map(Ok));
            let changes = select(changes, stream::iter(touched).flatten());
            let changes = changes.boxed().take_until(shared.stopping.clone().cancelled_owned());
            let config = Config::default().debounce(DEBOUNCE);
            let pass = |cluster, controller| reconcile(cluster, controller).boxed();
            appliers.push(applier(pass, pause_after, Arc::clone(&shared), store, changes, config).boxed());
            watches.push(watching);
        }
        let mut passes = select_all(appliers);
        while let Some(passed) = passes.next().await {
            match passed {
                // A pass tells of itself.
                Ok(_) | Err(ApplierError::ReconcilerFailed(..)) => {}
                Err(ApplierError::ObjectNotFound(gone)) => {
                    shared.forget(gone.namespace.as_deref().unwrap_or_default(), &gone.name);
                }
                Err(error) => tracing::warn!("clusters cannot be watched: {error}"),
            }
        }
    }

    /// A cluster is gone.
    fn forget(&self, namespace: &str, name: &str) {
        let cluster = format!("{namespace}/{name}");
        self.surroundings.forget(namespace, name);
        self.rollouts.forget(&cluster);
        self.backoffs.forget(&cluster);
        self.tally.forget(&cluster, &self.metrics);
    }
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller").field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// `namespace/name`.
fn title(cluster: &SilhouetteCluster) -> String {
    format!("{}/{}", cluster.namespace().unwrap_or_default(), cluster.name_any())
}

/// One pass, and when to come back.
async fn reconcile(cluster: Arc<SilhouetteCluster>, controller: Arc<Controller>) -> Result<Action, PassError> {
    let span = tracing::info_span!(
        "pass",
        namespace = cluster.namespace().unwrap_or_default(),
        cluster = cluster.name_any(),
        step = tracing::field::Empty
    );
    let began = Instant::now();
    // A fault that one cluster brings about must not end the others' passes. What passes share is behind locks that are
    // held for a read or a write each, and is whole between any two of them.
    let pass = AssertUnwindSafe(controller.pass(&cluster)).catch_unwind();
    let pass = timeout(controller.pace.pass, pass).instrument(span.clone()).await;
    let pass = pass.unwrap_or(Ok(Err(PassError::TooLong { limit: controller.pace.pass })));
    let pass = pass.unwrap_or(Err(PassError::Panicked));
    let outcome = pass.as_ref().map_or(Outcome::Failed, |passed| passed.outcome);
    controller.metrics.passed(outcome, began.elapsed());
    let _entered = span.entered();
    match pass {
        Ok(passed) => {
            tracing::debug!(outcome = outcome.as_str(), took = ?began.elapsed(), "passed");
            let title = title(&cluster);
            let pause = match passed.next {
                Next::Later => controller.backoffs.failed(&title),
                Next::AtRest => controller.pace.rest,
                Next::MidStep => controller.pace.step,
            };
            if passed.next != Next::Later {
                controller.backoffs.forget(&title);
            }
            Ok(Action::requeue(pause))
        }
        Err(error) => {
            tracing::warn!("{error}");
            Err(error)
        }
    }
}

/// The pause after a pass that failed.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the loop calls")]
fn pause_after(cluster: Arc<SilhouetteCluster>, _: &PassError, controller: Arc<Controller>) -> Action {
    let title = title(&cluster);
    controller.rollouts.unclear(&title);
    Action::requeue(controller.backoffs.failed(&title))
}
