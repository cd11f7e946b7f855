//! Two operators at once, each of which takes itself for the only one. A lease cannot rule that out: whoever holds it may
//! stand still, and go on after another took it. What each of them changes names what it saw, and is accepted once.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use kube::ResourceExt as _;
use silhouette_client::{ChangeKind, Client};
use silhouette_tests::{harness::isolation::isolated, kubernetes::Operator};

use super::{
    scene::Scene,
    traffic::Traffic,
    whole_life::{ANNOTATION, DEMO, FLAGS, annotation, change, settled},
    witness::Witness,
};

#[test]
fn two_operators_at_once_change_each_thing_once() -> Result<()> {
    isolated(async || {
        let scene = Scene::new(3).await?;
        let one = Operator::start(scene.namespace(), &FLAGS).await?;
        let other = Operator::start(scene.namespace(), &FLAGS).await?;
        scene.namespace().apply(&DEMO.replace("replicas: 1", "replicas: 3")).await?;
        settled(&scene, 3).await?;
        let client = scene.client()?;
        each_change_was_accepted_once(&client).await?;
        let grown = client.cluster().members().await?.index;

        let mut traffic = Traffic::begin(client.clone(), scene.reader()?);
        each_pod_leaves_once(&scene).await?;
        traffic.flows().await?;
        ensure!(client.cluster().members().await?.index == grown, "members changed while pods did");
        ensure!(traffic.end(&client).await? > 0, "nothing was published meanwhile");
        for operator in [&one, &other] {
            let steps = operator.metric("silhouette_operator_steps_total", &["outcome=\"done\""]).await?;
            ensure!(steps > 0.0, "one of them did nothing, so nothing was shown");
        }
        scene.passed();
        Ok(())
    })
}

/// A new template: three pods leave, each of the old ones, and none of the new.
async fn each_pod_leaves_once(scene: &Scene) -> Result<()> {
    let old: BTreeSet<_> = scene.pods().await?.iter().filter_map(kube::ResourceExt::uid).collect();
    let witness = Witness::of(scene.namespace().api());
    change(scene, annotation("both")).await?;
    settled(scene, 3).await?;
    let left = witness.end()?;
    ensure!(left.len() == 3 && left.iter().collect::<BTreeSet<_>>().len() == 3, "each leaves once: {left:?}");
    let evicted = scene.namespace().kubernetes().evicted(scene.namespace().name())?;
    let distinct: BTreeSet<_> = evicted.iter().cloned().collect();
    ensure!(evicted.len() == 3 && distinct == old, "the API server let {evicted:?} go, of {old:?}");
    for pod in scene.pods().await? {
        let is_new = pod.annotations().get(ANNOTATION).is_some_and(|round| round == "both");
        ensure!(is_new && pod.uid().is_some_and(|uid| !old.contains(&uid)), "{} is an old one", pod.name_any());
    }
    Ok(())
}

/// The logs of the nodes hold each change that leads from one voter to three, and no other; three numbers were given.
async fn each_change_was_accepted_once(client: &Client) -> Result<()> {
    let told = client.cluster().all_diagnostics().await;
    let told = told.into_iter().filter_map(|(_, told)| told.ok());
    let told = told.max_by_key(|told| told.changes.len()).context("no node tells its log")?;
    let mut changes: Vec<Vec<(u64, ChangeKind)>> = told
        .changes
        .iter()
        .filter(|change| !change.parts.is_empty())
        .map(|change| change.parts.iter().map(|(member, kind)| (member.get(), *kind)).collect())
        .collect();
    for parts in &mut changes {
        parts.sort_unstable_by_key(|(member, _)| *member);
    }
    changes.sort_unstable_by_key(|parts| (parts.len(), parts.first().map(|(member, _)| *member)));
    let learner = |member| vec![(member, ChangeKind::AddLearner)];
    let voters = vec![(2, ChangeKind::Promote), (3, ChangeKind::Promote)];
    ensure!(changes == [learner(2), learner(3), voters], "{changes:?}");
    Ok(())
}
