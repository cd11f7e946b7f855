//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;

use super::{Configuration, ConfigurationError, LogFormat};

const EXAMPLES: &str = "\
Examples:
  One node on a laptop, its own cluster:
    silhouette-server --dev --data-dir /tmp/silhouette

  Three nodes of one cluster on one machine, each in its own terminal (1, 2, 3 for N):
    silhouette-server --data-dir /tmp/silhouette/N --client-addr 127.0.0.1:761N \\
      --peer-addr 127.0.0.1:762N --http-addr 127.0.0.1:763N
  and then, once:
    silhouettectl --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613 cluster create

  See what a configuration file results in:
    silhouette-server --config node.yaml --print-config

Flags win over the configuration file, which wins over defaults.

Exit codes: 0 stopped as asked, 1 could not start or had to stop, 2 wrong flags or configuration.";

/// One node of Silhouette: a fault-tolerant service for round-based private computation.
///
/// A new data directory belongs to no cluster: the node serves probes and waits until `silhouettectl cluster create`
/// or `cluster add` tells it where it belongs.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "silhouette-server", version, after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub struct Arguments {
    /// YAML file of settings; --print-config shows all keys.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Directory of the node's data; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// The node's name for people [default: the host's name and the client port].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// IP address and port for clients and administrators [default: 127.0.0.1:7601].
    #[arg(long, value_name = "IP:PORT")]
    pub client_addr: Option<SocketAddr>,

    /// Where clients are told to reach it [default: --client-addr].
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise_client_addr: Option<String>,

    /// IP address and port for other members [default: 127.0.0.1:7602].
    #[arg(long, value_name = "IP:PORT")]
    pub peer_addr: Option<SocketAddr>,

    /// Where other members are told to reach it [default: --peer-addr].
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise_peer_addr: Option<String>,

    /// IP address and port for probes and metrics [default: 127.0.0.1:7603].
    #[arg(long, value_name = "IP:PORT")]
    pub http_addr: Option<SocketAddr>,

    /// Where probes are told to reach it [default: --http-addr].
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise_http_addr: Option<String>,

    /// Be a cluster of one, on loopback: an empty data directory bootstraps itself.
    #[arg(long)]
    pub dev: bool,

    /// Allow addresses other than loopback although nothing is encrypted or authenticated.
    #[arg(long)]
    pub insecure: bool,

    /// How lines of the log look.
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// Which lines are logged: a level, or a filter such as `info,silhouette_server::consensus=debug` [default:
    /// `RUST_LOG`, or info].
    #[arg(long, value_name = "FILTER")]
    pub log_level: Option<String>,

    /// Print the configuration that results, as YAML, and exit.
    #[arg(long)]
    pub print_config: bool,
}

impl Arguments {
    /// The configuration that results: defaults, then the file, then flags.
    pub fn configuration(&self) -> Result<Configuration, ConfigurationError> {
        let mut configuration = match &self.config {
            Some(path) => Configuration::read(path)?,
            None => Configuration::default(),
        };
        self.override_in(&mut configuration);
        Ok(configuration)
    }

    fn override_in(&self, configuration: &mut Configuration) {
        replace(&mut configuration.storage.data_dir, self.data_dir.as_ref());
        replace(&mut configuration.name, self.name.as_ref());
        set(&mut configuration.client.addr, self.client_addr);
        replace(&mut configuration.client.advertise_addr, self.advertise_client_addr.as_ref());
        set(&mut configuration.peer.addr, self.peer_addr);
        replace(&mut configuration.peer.advertise_addr, self.advertise_peer_addr.as_ref());
        set(&mut configuration.http.addr, self.http_addr);
        replace(&mut configuration.http.advertise_addr, self.advertise_http_addr.as_ref());
        configuration.insecure |= self.insecure;
        set(&mut configuration.log.format, self.log_format);
        set(&mut configuration.log.level, self.log_level.clone());
    }
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

fn replace<T: Clone>(target: &mut Option<T>, value: Option<&T>) {
    if value.is_some() {
        *target = value.cloned();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_win_over_the_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("node.yaml");
        std::fs::write(&path, "name: from-file\nclient:\n  addr: 127.0.0.1:1\npeer:\n  addr: 127.0.0.1:2\n")
            .expect("the file is written");
        let path = path.to_str().expect("the path is text");
        let arguments =
            Arguments::try_parse_from(["silhouette-server", "--config", path, "--client-addr", "127.0.0.1:9"])
                .expect("the flags parse");
        let configuration = arguments.configuration().expect("the file reads");
        assert_eq!(configuration.name.as_deref(), Some("from-file"));
        assert_eq!(configuration.client.addr, "127.0.0.1:9".parse().expect("an address"));
        assert_eq!(configuration.peer.addr, "127.0.0.1:2".parse().expect("an address"));
        assert_eq!(configuration.http.addr, "127.0.0.1:7603".parse().expect("an address"));
    }
}
