//! What can be set.

use std::{net::SocketAddr, time::Duration};

use anyhow::ensure;
use clap::{ArgAction, Args};
use silhouette_operator::{connection::Bounds, controller::Pace, lease::Timing, nodes::Patience, telemetry::LogFormat};

const ELECTION: &str = "Leader election";
const PACE: &str = "Pace and limits";

/// Keep clusters until it is stopped
///
/// Several may run: one works, the others stand by until it stops or is silent for the lease's duration. On SIGTERM or
/// SIGINT no step begins any more, the pass in flight ends, and the lease is given back. Exit codes: 0 stopped as asked,
/// 1 could not start or had to stop (as the lease was lost), 2 wrong flags.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  Keep clusters of every namespace, as the pod or the kubectl context that it runs in:
    silhouette-operator run

  Of two namespaces only, with metrics for others than this host:
    silhouette-operator run --namespace team-a --namespace team-b --http-addr 0.0.0.0:7605

  On a laptop, beside no other:
    silhouette-operator run --leader-election=false --log-format compact")]
pub(crate) struct Run {
    /// Namespace to watch; may be repeated [default: all]
    #[arg(
        short,
        long = "namespace",
        env = "SILHOUETTE_OPERATOR_NAMESPACE",
        hide_env_values = true,
        value_name = "NAMESPACE",
        value_delimiter = ','
    )]
    pub(super) namespaces: Vec<String>,
    /// IP address and port for probes (/healthz, /readyz) and /metrics
    #[arg(
        long,
        env = "SILHOUETTE_OPERATOR_HTTP_ADDR",
        hide_env_values = true,
        value_name = "IP:PORT",
        default_value = "127.0.0.1:7605"
    )]
    pub(super) http_addr: SocketAddr,
    /// Shape of log lines on standard error
    #[arg(
        long,
        env = "SILHOUETTE_OPERATOR_LOG_FORMAT",
        hide_env_values = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t = LogFormat::Auto
    )]
    pub(super) log_format: LogFormat,
    /// Level, or filter such as `info,silhouette_operator::controller=debug`
    #[arg(
        long,
        env = "SILHOUETTE_OPERATOR_LOG_LEVEL",
        hide_env_values = true,
        value_name = "FILTER",
        default_value = "info"
    )]
    pub(super) log_level: String,
    /// Work only while a Lease is held; without, there must be no other operator
    #[arg(
        long,
        env = "SILHOUETTE_OPERATOR_LEADER_ELECTION",
        hide_env_values = true,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        help_heading = ELECTION
    )]
    pub(super) leader_election: bool,
    /// Name of the Lease
    #[arg(
        long,
        env = "SILHOUETTE_OPERATOR_LEASE_NAME",
        hide_env_values = true,
        value_name = "NAME",
        default_value = "silhouette-operator",
        help_heading = ELECTION
    )]
    pub(super) lease_name: String,
    /// Namespace of the Lease [default: the pod's, or that of kubectl's context]
    #[arg(
        long,
        env = "SILHOUETTE_OPERATOR_LEASE_NAMESPACE",
        hide_env_values = true,
        value_name = "NAMESPACE",
        help_heading = ELECTION
    )]
    pub(super) lease_namespace: Option<String>,
    /// For how long others leave a Lease alone that is not renewed
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "15s", help_heading = ELECTION)]
    lease_duration: Duration,
    /// For how long the holder works on without having renewed it
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "10s", help_heading = ELECTION)]
    lease_renew_deadline: Duration,
    /// Pause between two attempts to take or to renew it
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "2s", help_heading = ELECTION)]
    lease_retry_period: Duration,
    /// Pause between two passes over a cluster that is as it should be
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "5s", help_heading = PACE)]
    rest_interval: Duration,
    /// Pause while something is left to do, or waited for
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "2s", help_heading = PACE)]
    step_interval: Duration,
    /// For how long a pass over a cluster may take
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "60s", help_heading = PACE)]
    pass_timeout: Duration,
    /// For how long a node's answer to a question is waited for
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "3s", help_heading = PACE)]
    node_timeout: Duration,
    /// For how long a change that a node was asked for is waited for
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "15s", help_heading = PACE)]
    node_change_timeout: Duration,
    /// For how long the API server's answer is waited for
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "30s", help_heading = PACE)]
    api_timeout: Duration,
    /// Requests to the API server that wait for their answers at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..), help_heading = PACE)]
    api_requests_in_flight: u16,
}

impl Run {
    /// Times of the lease, if they fit together.
    pub(super) fn timing(&self) -> anyhow::Result<Timing> {
        let (lasts, renew_deadline, retry) = (self.lease_duration, self.lease_renew_deadline, self.lease_retry_period);
        ensure!(
            lasts > renew_deadline,
            "--lease-duration must be longer than --lease-renew-deadline: else another begins before this one ends"
        );
        ensure!(
            renew_deadline > retry,
            "--lease-renew-deadline must be longer than --lease-retry-period: else one attempt that fails loses the lease"
        );
        ensure!(
            lasts.as_secs() > 0 && !retry.is_zero(),
            "--lease-duration must be at least 1s, and --lease-retry-period positive"
        );
        Ok(Timing { lasts, renew_deadline, retry })
    }

    pub(super) fn pace(&self) -> Pace {
        Pace { rest: self.rest_interval, step: self.step_interval, pass: self.pass_timeout }
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds { in_flight: usize::from(self.api_requests_in_flight), patience: self.api_timeout }
    }

    /// Of the Lease's own connection: an attempt that was given up may still be on its way when the next begins.
    pub(super) fn lease_bounds(&self) -> Bounds {
        Bounds { in_flight: 2, patience: self.lease_renew_deadline }
    }

    pub(super) fn patience(&self) -> Patience {
        Patience { questions: self.node_timeout, changes: self.node_change_timeout }
    }
}
