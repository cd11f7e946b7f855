//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use serde::Serialize;
use serde_json::Value;

use super::{LogFormat, Origin, Problem, layers::Given};

const EXAMPLES: &str = "\
Examples:
  One node on a laptop, its own cluster:
    silhouette-server --dev --data-dir /tmp/silhouette

  Three nodes of one cluster on one machine, each in its own terminal (1, 2, 3 for N):
    silhouette-server --data-dir /tmp/silhouette/N --client-addr 127.0.0.1:761N \\
      --peer-addr 127.0.0.1:762N --http-addr 127.0.0.1:763N
  and then, once:
    silhouettectl --endpoints 127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613 cluster create

  See what files, variables and flags result in, and whether a node would start with it:
    silhouette-server --config node.yaml --print-config

Environment:
  Every key of the configuration is a variable, too: SILHOUETTE__, its section and its name, with two
  underscores between: raft.tick is SILHOUETTE__RAFT__TICK. An empty variable counts as not set.
  RUST_LOG is another name of log.level; SILHOUETTE__LOG__LEVEL wins over it.

Flags win over the environment, which wins over the configuration file, which wins over defaults.
All of it is read once, at the start. docs/configuration.md lists all keys.

Exit codes: 0 stopped as asked, 1 could not start or had to stop, 2 wrong flags or configuration.";

/// One node of Silhouette: a fault-tolerant service for round-based private computation.
///
/// A new data directory belongs to no cluster: the node serves probes and waits until `silhouettectl cluster create`
/// or `cluster add` tells it where it belongs.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "silhouette-server", version, after_help = EXAMPLES, after_long_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people give or leave out")]
pub struct Arguments {
    /// YAML file of settings; --print-config shows all keys and where their values come from.
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

    /// Which lines are logged: a level, or a filter such as `info,silhouette_server::consensus=debug` [default: info].
    #[arg(long, value_name = "FILTER")]
    pub log_level: Option<String>,

    /// Print the configuration that results, as YAML with where each value came from, check it, and exit.
    #[arg(long)]
    pub print_config: bool,

    /// Print the reference of all keys of the configuration, as Markdown, and exit.
    #[arg(long)]
    pub print_config_reference: bool,
}

impl Arguments {
    /// What the flags give, and what is wrong with it.
    pub(super) fn given(&self, problems: &mut Vec<Problem>) -> Vec<Given> {
        let mut given = Vec::new();
        for Flag { path, name, value } in self.flags() {
            match value {
                Ok(Value::Null) => {}
                Ok(value) => given.push(Given { path: path.to_owned(), value, origin: Origin::Flag(name) }),
                Err(source) => problems.push(Problem::NoText { flag: name, source }),
            }
        }
        given
    }

    /// Every flag that is a key, in the order of the help.
    pub(super) fn flags(&self) -> [Flag; 11] {
        // A flag can only say yes.
        let insecure = self.insecure.then_some(true);
        [
            Flag::new("storage.data_dir", "--data-dir", self.data_dir.as_ref()),
            Flag::new("name", "--name", self.name.as_ref()),
            Flag::new("client.addr", "--client-addr", self.client_addr.as_ref()),
            Flag::new("client.advertise_addr", "--advertise-client-addr", self.advertise_client_addr.as_ref()),
            Flag::new("peer.addr", "--peer-addr", self.peer_addr.as_ref()),
            Flag::new("peer.advertise_addr", "--advertise-peer-addr", self.advertise_peer_addr.as_ref()),
            Flag::new("http.addr", "--http-addr", self.http_addr.as_ref()),
            Flag::new("http.advertise_addr", "--advertise-http-addr", self.advertise_http_addr.as_ref()),
            Flag::new("insecure", "--insecure", insecure.as_ref()),
            Flag::new("log.format", "--log-format", self.log_format.as_ref()),
            Flag::new("log.level", "--log-level", self.log_level.as_ref()),
        ]
    }
}

/// A flag that is a key of the configuration, too.
#[derive(Debug)]
pub(super) struct Flag {
    /// The key.
    pub(super) path: &'static str,
    /// The flag, with its dashes.
    pub(super) name: &'static str,
    /// What was given; null if nothing was. Wrong if it is a path that is not text.
    value: serde_json::Result<Value>,
}

impl Flag {
    fn new(path: &'static str, name: &'static str, value: Option<&impl Serialize>) -> Self {
        Self { path, name, value: serde_json::to_value(value) }
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};

    use clap::CommandFactory;

    use super::{super::keys::Keys, *};

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn each_flag_exists_and_is_a_key() {
        let (command, keys) = (Arguments::command(), Keys::new());
        for Flag { path, name, .. } in Arguments::default().flags() {
            assert!(keys.find(path).is_some(), "{name} is {path}, which is no key");
            let long = name.trim_start_matches('-');
            assert!(command.get_arguments().any(|argument| argument.get_long() == Some(long)), "there is no {name}");
        }
    }

    #[test]
    fn a_path_that_is_no_text_is_refused() {
        let data_dir = Some(OsString::from_vec(vec![b'/', 0xff]).into());
        let mut problems = Vec::new();
        assert!(Arguments { data_dir, ..Arguments::default() }.given(&mut problems).is_empty());
        assert!(problems[0].to_string().starts_with("--data-dir: "), "{problems:?}");
    }
}
