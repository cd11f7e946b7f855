//! The network of pods: an address and a network namespace for each, and the names that a cluster's DNS would tell.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write as _,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use nix::mount::{MsFlags, mount};
use parking_lot::Mutex;

use crate::harness::isolation::ip;

/// The switch that all pods are plugged into, and the test's own address at it.
const SWITCH: &str = "pods";
const GATEWAY: &str = "10.244.255.254/16";

/// Where pods find each other. Belongs to an isolated test.
#[derive(Debug)]
pub(super) struct Network {
    hosts_file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Addresses given so far. None is given twice: a pod that is made again has another one, as in life.
    given: u16,
    names: BTreeMap<String, Ipv4Addr>,
}

/// A pod's place in the network; the place and its names vanish when this is dropped.
#[derive(Debug)]
pub(super) struct Attachment {
    network: Arc<Network>,
    number: u16,
    names: Vec<String>,
}

impl Network {
    /// Makes the switch, and puts a file of names in `folder` in the place of this test's `/etc/hosts`.
    pub(super) fn new(folder: &Path) -> Result<Arc<Self>> {
        ip(&format!("link add {SWITCH} type bridge"))?;
        ip(&format!("addr add {GATEWAY} dev {SWITCH}"))?;
        ip(&format!("link set {SWITCH} up"))?;
        let network = Self { hosts_file: folder.join("hosts"), state: Mutex::default() };
        File::create(&network.hosts_file).context("cannot make a file of names")?;
        network.tell_names(&State::default())?;
        // Of this test alone: its mounts are private. The operator and the clients resolve names by it, too.
        mount(Some(&network.hosts_file), "/etc/hosts", None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .context("cannot put another file in the place of /etc/hosts")?;
        Ok(Arc::new(network))
    }

    /// Gives a pod an address that no pod had before, and these names.
    pub(super) fn attach(self: &Arc<Self>, names: Vec<String>) -> Result<Attachment> {
        let number = {
            let mut state = self.state.lock();
            state.given = state.given.checked_add(1).context("there are no more addresses")?;
            state.given
        };
        let attachment = Attachment { network: Arc::clone(self), number, names };
        let (namespace, cable) = (attachment.namespace(), attachment.cable());
        ip(&format!("netns add {namespace}"))?;
        ip(&format!("-n {namespace} link set lo up"))?;
        ip(&format!("link add {cable} type veth peer name eth0 netns {namespace}"))?;
        ip(&format!("link set {cable} master {SWITCH} up"))?;
        ip(&format!("-n {namespace} addr add {}/16 dev eth0", attachment.address()))?;
        ip(&format!("-n {namespace} link set eth0 up"))?;
        let mut state = self.state.lock();
        state.names.extend(attachment.names.iter().map(|name| (name.clone(), attachment.address_v4())));
        self.tell_names(&state)?;
        drop(state);
        Ok(attachment)
    }

    /// The file of names, to be mounted over `/etc/hosts`.
    pub(super) fn hosts_file(&self) -> &Path {
        &self.hosts_file
    }

    /// Writes the names into the very same file: whoever has it mounted sees them. It is never empty meanwhile, so
    /// that who asks for a name that stays finds it.
    fn tell_names(&self, state: &State) -> Result<()> {
        let names = state.names.iter().map(|(name, address)| format!("{address} {name}"));
        let lines: Vec<_> = ["127.0.0.1 localhost".to_owned()].into_iter().chain(names).collect();
        let text = lines.join("\n") + "\n";
        let mut file = OpenOptions::new().write(true).open(&self.hosts_file).context("the file of names is gone")?;
        file.write_all(text.as_bytes()).and_then(|()| file.set_len(text.len() as u64)).context("cannot tell names")
    }
}

impl Attachment {
    /// The pod's address, `status.podIP`.
    pub(super) fn address(&self) -> IpAddr {
        self.address_v4().into()
    }

    fn address_v4(&self) -> Ipv4Addr {
        let [high, low] = self.number.to_be_bytes();
        Ipv4Addr::new(10, 244, high, low)
    }

    /// The file that stands for its network namespace.
    pub(super) fn namespace_file(&self) -> PathBuf {
        Path::new("/run/netns").join(self.namespace())
    }

    fn namespace(&self) -> String {
        format!("pod{}", self.number)
    }

    fn cable(&self) -> String {
        format!("cable{}", self.number)
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        let mut state = self.network.state.lock();
        state.names.retain(|_, address| *address != self.address_v4());
        // The namespace of the test ends with the test; what cannot be removed now is removed then.
        let _ = self.network.tell_names(&state);
        drop(state);
        // The cable first: the namespace lives as long as a process in it.
        let _ = ip(&format!("link del {}", self.cable()));
        let _ = ip(&format!("netns del {}", self.namespace()));
    }
}
