//! `silhouette-operator crd`: the resource's definition.

use std::process::ExitCode;

use clap::Args;
use silhouette_operator::api;

use super::{exit::Failed, print};

/// Print the definition of SilhouetteCluster as YAML
///
/// It is the one that this release of the operator understands. Versions are additive: apply the definition of the newer
/// operator first, then update the operator.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouette-operator crd | kubectl apply --server-side -f -")]
pub(super) struct Crd {}

impl Crd {
    pub(super) fn execute() -> Result<ExitCode, Failed> {
        print(&api::manifest().map_err(Failed::to_do)?);
        Ok(ExitCode::SUCCESS)
    }
}
