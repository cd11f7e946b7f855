//! A configuration that was found to make sense.

use std::{env, fs, net::SocketAddr, num::NonZeroUsize, path::PathBuf, thread};

use super::{
    Arguments, Configuration, ConfigurationError, Effective, EndpointSection, Origins,
    checks::{self, is_name},
};

/// An address to listen on, and what others are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// To listen on.
    pub addr: SocketAddr,
    /// What others are told, if not the address that was bound.
    pub advertise: Option<String>,
}

/// Everything a node needs to start: a configuration that was found to make sense.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name for people.
    pub name: String,
    /// Its data directory.
    pub data_dir: PathBuf,
    /// Whether an empty data directory bootstraps itself, as a cluster of one.
    pub dev: bool,
    /// For clients and administrators.
    pub client: Endpoint,
    /// For other members.
    pub peer: Endpoint,
    /// For probes and metrics.
    pub http: Endpoint,
    /// Bytes of memory offered to rounds.
    pub memory_budget_bytes: u64,
    /// Threads of one encode.
    pub encoding_threads: NonZeroUsize,
    /// Queries answered at a time.
    pub query_threads: NonZeroUsize,
    /// All else, as configured.
    pub configuration: Configuration,
    /// Where each of its values came from.
    pub origins: Origins,
}

/// Share of the memory there is that is offered to rounds unless configured, in percent. The rest is for the database,
/// connections and the program itself.
const MEMORY_SHARE_PERCENT: u64 = 70;

/// Memory assumed where the operating system does not tell.
const MEMORY_UNKNOWN_BYTES: u64 = 1 << 30;

impl Settings {
    /// Reads what the command line, its file and the environment result in, and checks it. All that is wrong is named
    /// at once.
    pub fn new(arguments: &Arguments) -> Result<Self, ConfigurationError> {
        Self::of(Effective::read(arguments, env::vars_os())?, arguments.dev)
    }

    /// Checks a configuration. All that is wrong is named at once.
    pub fn of(effective: Effective, dev: bool) -> Result<Self, ConfigurationError> {
        let problems = checks::problems(&effective, dev);
        let Effective { configuration, origins } = effective;
        let Some(data_dir) = configuration.storage.data_dir.clone().filter(|_| problems.is_empty()) else {
            return Err(ConfigurationError { problems });
        };
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            name: configuration.name.clone().unwrap_or_else(|| default_name(configuration.client.addr)),
            data_dir,
            dev,
            client: endpoint(&configuration.client),
            peer: endpoint(&configuration.peer),
            http: endpoint(&configuration.http),
            memory_budget_bytes: configuration.memory.budget_bytes.unwrap_or_else(default_budget),
            encoding_threads: configuration
                .encoding
                .threads
                .and_then(|threads| NonZeroUsize::new(threads as usize))
                .unwrap_or(cores),
            query_threads: configuration.retrieval.query_threads.and_then(NonZeroUsize::new).unwrap_or(cores),
            configuration,
            origins,
        })
    }

    /// The configuration as YAML, each value with where it came from. Nothing in it is secret.
    pub fn annotated_yaml(&self) -> String {
        self.origins.annotate(&self.configuration)
    }
}

fn endpoint<const PORT: u16>(section: &EndpointSection<PORT>) -> Endpoint {
    Endpoint { addr: section.addr, advertise: section.advertise_addr.clone() }
}

/// Tells apart the nodes of one machine, too.
fn default_name(client: SocketAddr) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    format!("{}-{}", if is_name(host) { host } else { "silhouette" }, client.port())
}

/// A share of what the control group allows, or the machine has.
fn default_budget() -> u64 {
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse::<u64>().ok());
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| machine_memory(&text));
    let bytes = limit.into_iter().chain(machine).min().unwrap_or(MEMORY_UNKNOWN_BYTES);
    bytes / 100 * MEMORY_SHARE_PERCENT
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn machine_memory(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn settings(flags: &[&str]) -> Result<Settings, String> {
        let flags = ["silhouette-server"].iter().chain(flags);
        Settings::new(&Arguments::try_parse_from(flags).expect("the flags parse")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_data_directory_is_enough() {
        let settings = settings(&["--data-dir", "/data"]).expect("all else has defaults");
        assert_eq!(settings.client.addr.port(), 7601);
        assert_eq!(settings.peer.addr.port(), 7602);
        assert_eq!(settings.http.addr.port(), 7603);
        assert!(settings.name.ends_with("-7601"), "{}", settings.name);
        assert!(settings.memory_budget_bytes > 0);
    }

    #[test]
    fn without_a_data_directory_it_says_how_to_give_one() {
        assert!(settings(&[]).expect_err("there is no default").contains("--data-dir"));
    }

    #[test]
    fn other_addresses_than_loopback_need_insecure() {
        let open = ["--data-dir", "/data", "--client-addr", "192.0.2.1:7601"];
        assert!(settings(&open).expect_err("nothing is encrypted").contains("--insecure"));
        assert!(settings(&[open.as_slice(), &["--insecure"]].concat()).is_ok());
        let dev = settings(&[open.as_slice(), &["--insecure", "--dev"]].concat());
        assert!(dev.expect_err("a laptop's cluster stays on it").contains("--dev"));
    }

    #[test]
    fn an_address_that_nobody_can_dial_needs_another_to_advertise() {
        let any = ["--data-dir", "/data", "--insecure", "--peer-addr", "0.0.0.0:7602"];
        assert!(settings(&any).expect_err("nobody can dial it").contains("--advertise-peer-addr"));
        let advertised = settings(&[any.as_slice(), &["--advertise-peer-addr", "node-0.example:7602"]].concat());
        assert_eq!(advertised.expect("it can be dialled").peer.advertise.as_deref(), Some("node-0.example:7602"));
        let wrong = settings(&["--data-dir", "/data", "--advertise-peer-addr", "node-0"]);
        assert!(wrong.expect_err("a port is missing").contains("HOST:PORT"));
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let error = settings(&["--client-addr", "192.0.2.1:1", "--http-addr", "192.0.2.1:2", "--name", "a b"]);
        let error = error.expect_err("four things are wrong");
        for part in ["storage.data_dir", "client.addr", "http.addr", "`name` must"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn the_machines_memory_is_read() {
        assert_eq!(machine_memory("MemFree: 1 kB\nMemTotal:       24 kB\n"), Some(24 << 10));
    }
}
