//! `silhouette-operator plan`: what a resource would bring, before it is applied.

mod asked;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use kube::{Api, Config, ResourceExt as _};
use serde::Serialize;
use silhouette_operator::{
    api::{SilhouetteCluster, StepStatus},
    connection::{Bounds, connect},
    look::{Sight, look},
    nodes::Patience,
    plan::{Plan, plan},
    surroundings::Surroundings,
};

use super::{exit::Failed, print};

/// There are steps.
const STEPS: u8 = 1;

/// Requests to the API server at the same time.
const IN_FLIGHT: usize = 8;

/// For how long the API server is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Show the steps that a resource would bring, and carry out none
///
/// The resource of the file takes the place of the one in the API server, objects and nodes are looked at, and the steps
/// of the operator's next pass are shown, the most urgent first: those that it could carry out now, and those that wait,
/// with what they wait for. It carries out the first that does not wait; what comes later depends on what that brings.
///
/// Nothing is written: objects are sent to the API server to be tried (dry run). Fields that the resource's definition
/// does not know, or would refuse, are not told: `kubectl apply --dry-run=server` does. Exit codes: 0 nothing is to be
/// done, 1 there are steps, 2 wrong flags, 3 it could not be told.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  What would a file bring?
    silhouette-operator plan -f demo.yaml

  The same from within the cluster, where nodes can be reached:
    kubectl exec -i deploy/silhouette-operator -- silhouette-operator plan -f - < demo.yaml

  What does a cluster wait for?
    kubectl get slc demo -o yaml | silhouette-operator plan -f -")]
pub(super) struct PlanCommand {
    /// File with one SilhouetteCluster, as YAML or JSON; `-` is standard input
    #[arg(short, long = "filename", value_name = "FILE")]
    file: PathBuf,
    /// Namespace of the resource, if the file names none [default: the pod's, or that of kubectl's context]
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// How to show the steps
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    output: Format,
    /// For how long a node's answer is waited for
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "3s")]
    node_timeout: Duration,
}

/// How steps are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A sentence each.
    Text,
    /// One document, as `status.plan` shows them.
    Json,
    /// The same.
    Yaml,
}

/// The steps for machines.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    namespace: String,
    name: String,
    /// The step that is carried out first, as the column Next shows it.
    next: Option<String>,
    plan: Vec<StepStatus>,
}

impl PlanCommand {
    pub(super) async fn execute(self) -> Result<ExitCode, Failed> {
        let (cluster, plan) = self.plan().await.map_err(Failed::to_tell)?;
        print(&self.output.show(&cluster, &plan).map_err(Failed::to_tell)?);
        Ok(if plan.steps.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(STEPS) })
    }

    async fn plan(&self) -> anyhow::Result<(SilhouetteCluster, Plan)> {
        let asked = asked::read(&self.file)?;
        let config = Config::infer().await.context("the API server is not known")?;
        let namespace = self.namespace(&asked, &config.default_namespace)?;
        let bounds = Bounds { in_flight: IN_FLIGHT, patience: PATIENCE };
        let client = connect(config, bounds, <_>::default())?;
        let resources: Api<SilhouetteCluster> = Api::namespaced(client.clone(), &namespace);
        let live = resources.get_opt(&asked.name_any()).await.context("the resource cannot be read")?;
        let cluster = asked::in_place_of(asked, live, &namespace);
        let desired = cluster.desired()?;
        let patience = Patience { questions: self.node_timeout, ..Patience::default() };
        let surroundings = Surroundings::without_caches(client, patience);
        let observed = look(&surroundings, &cluster, Sight::Fresh).await.context("the cluster cannot be looked at")?;
        Ok((cluster, plan(&desired, &observed)))
    }

    fn namespace(&self, asked: &SilhouetteCluster, default: &str) -> anyhow::Result<String> {
        match (&self.namespace, asked.namespace()) {
            (Some(flag), Some(file)) if *flag != file => {
                Err(anyhow!("the file's resource is of namespace {file}, and --namespace says {flag}"))
            }
            (Some(flag), _) => Ok(flag.clone()),
            (None, file) => Ok(file.unwrap_or_else(|| default.to_owned())),
        }
    }
}

impl Format {
    fn show(self, cluster: &SilhouetteCluster, plan: &Plan) -> anyhow::Result<String> {
        let shown = || Shown {
            namespace: cluster.namespace().unwrap_or_default(),
            name: cluster.name_any(),
            next: plan.next().map(silhouette_operator::plan::Step::short),
            plan: plan.steps.iter().map(StepStatus::from).collect(),
        };
        Ok(match self {
            Self::Text if plan.steps.is_empty() => "nothing is to be done\n".to_owned(),
            Self::Text => {
                let sentences: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
                sentences.join("\n") + "\n"
            }
            Self::Json => serde_json::to_string_pretty(&shown())? + "\n",
            Self::Yaml => serde_yaml::to_string(&shown())?,
        })
    }
}
