//! A configuration that was found to make sense.

use std::{fs, net::SocketAddr, num::NonZeroUsize, path::PathBuf, thread};

use super::{Arguments, Configuration, ConfigurationError, EndpointSection};

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
}

/// Share of the memory there is that is offered to rounds unless configured, in percent. The rest is for the database,
/// connections and the program itself.
const MEMORY_SHARE_PERCENT: u64 = 70;

/// Memory assumed where the operating system does not tell.
const MEMORY_UNKNOWN_BYTES: u64 = 1 << 30;

impl Settings {
    /// Checks what the command line and its file result in. All that is wrong is named at once.
    pub fn new(arguments: &Arguments) -> Result<Self, ConfigurationError> {
        let configuration = arguments.configuration()?;
        let mut problems = Vec::new();
        let mut require = |holds: bool, sentence: &str| {
            if !holds {
                problems.push(sentence.to_owned());
            }
        };
        let data_dir = configuration.storage.data_dir.clone();
        require(data_dir.is_some(), "no data directory is configured: give --data-dir DIR or storage.data_dir");
        let raft = &configuration.raft;
        require(!raft.tick.is_zero(), "raft.tick must not be 0");
        require(raft.heartbeat_ticks > 0, "raft.heartbeat_ticks must not be 0");
        require(
            raft.election_ticks > raft.heartbeat_ticks,
            "raft.election_ticks must be more than raft.heartbeat_ticks",
        );
        require(configuration.publishing.window_chunks > 0, "publishing.window_chunks must not be 0");
        require(
            (1..=2 << 20).contains(&configuration.retrieval.part_bytes),
            "retrieval.part_bytes must be 1 to 2097152",
        );
        require(!configuration.readiness.interval.is_zero(), "readiness.interval must not be 0");
        let limits = &configuration.limits;
        require(!limits.handshake_timeout.is_zero(), "limits.handshake_timeout must not be 0");
        require(!limits.connection_age.is_zero(), "limits.connection_age must not be 0");
        require(limits.connection_age_jitter_percent <= 90, "limits.connection_age_jitter_percent must be 0 to 90");
        require(configuration.encoding.threads != Some(0), "encoding.threads must not be 0");
        require(configuration.retrieval.query_threads != Some(0), "retrieval.query_threads must not be 0");
        require(configuration.memory.budget_bytes != Some(0), "memory.budget_bytes must not be 0");
        require(configuration.name.as_ref().is_none_or(|name| is_name(name)), NAME_RULE);
        let rules = Rules { insecure: configuration.insecure, dev: arguments.dev };
        let client = endpoint("client", &configuration.client, rules, &mut problems);
        let peer = endpoint("peer", &configuration.peer, rules, &mut problems);
        let http = endpoint("http", &configuration.http, rules, &mut problems);
        let Some(data_dir) = data_dir.filter(|_| problems.is_empty()) else {
            return Err(ConfigurationError::Invalid { problems });
        };
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            name: configuration.name.clone().unwrap_or_else(|| default_name(client.addr)),
            data_dir,
            dev: arguments.dev,
            client,
            peer,
            http,
            memory_budget_bytes: configuration.memory.budget_bytes.unwrap_or_else(default_budget),
            encoding_threads: configuration
                .encoding
                .threads
                .and_then(|threads| NonZeroUsize::new(threads as usize))
                .unwrap_or(cores),
            query_threads: configuration.retrieval.query_threads.and_then(NonZeroUsize::new).unwrap_or(cores),
            configuration,
        })
    }
}

/// Which addresses are allowed.
#[derive(Clone, Copy)]
struct Rules {
    insecure: bool,
    dev: bool,
}

fn endpoint<const PORT: u16>(
    section: &str,
    given: &EndpointSection<PORT>,
    rules: Rules,
    problems: &mut Vec<String>,
) -> Endpoint {
    let EndpointSection { addr, advertise_addr: advertise } = given;
    if !addr.ip().is_loopback() && rules.dev {
        problems.push(format!("{section}.addr {addr} is not a loopback address, and --dev is for one machine alone"));
    } else if !addr.ip().is_loopback() && !rules.insecure {
        problems.push(format!(
            "{section}.addr {addr} is not a loopback address, and nothing that is sent there is encrypted or \
             authenticated; --insecure allows it"
        ));
    }
    match advertise {
        Some(advertise) if !is_host_and_port(advertise) => problems
            .push(format!("{section}.advertise_addr {advertise:?} must be HOST:PORT (--advertise-{section}-addr)")),
        None if addr.ip().is_unspecified() => problems.push(format!(
            "{section}.addr {addr} is no address that others can dial: give --advertise-{section}-addr HOST:PORT"
        )),
        _ => {}
    }
    Endpoint { addr: *addr, advertise: advertise.clone() }
}

fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains(char::is_whitespace) && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

const NAME_RULE: &str = "name must be 1 to 128 characters without spaces or control characters";

fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && !name.contains(|c: char| c.is_whitespace() || c.is_control())
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
        for part in ["data directory", "client.addr", "http.addr", "name must"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn the_machines_memory_is_read() {
        assert_eq!(machine_memory("MemFree: 1 kB\nMemTotal:       24 kB\n"), Some(24 << 10));
    }
}
