//! A network and a mount table of its own for one test, which vanish with its last thread and process.
//!
//! Namespaces belong to threads, and threads and processes inherit them from whoever makes them. So the test's body
//! runs on a fresh thread with a fresh runtime, and nothing of it can be seen, or left behind, outside.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, unshare},
};

const NEEDED: &str = "this test needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN, to make network namespaces and mounts";

/// Runs `test` in new network and mount namespaces.
pub fn isolated<T: AsyncFnOnce() -> Result<()> + Send + 'static>(test: T) -> Result<()> {
    let body = move || {
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).context(NEEDED)?;
        // Or mounts made here would appear in the namespace that this one was copied from.
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).context(NEEDED)?;
        // `ip netns` keeps names here; behind this mount they are this test's own.
        std::fs::create_dir_all("/run/netns").context(NEEDED)?;
        mount_memory(Path::new("/run/netns"), 1)?;
        ip("link set lo up")?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(test())
    };
    let thread = std::thread::Builder::new().name("isolated".to_owned()).spawn(body)?;
    match thread.join() {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Mounts an empty file system in memory, of this many MiB, over `folder`.
fn mount_memory(folder: &Path, mebibytes: u32) -> Result<()> {
    let size = format!("size={mebibytes}m");
    mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some(size.as_str()))
        .with_context(|| format!("cannot mount a tmpfs at {}; {NEEDED}", folder.display()))
}

/// A node's place in a test's own network: a namespace with two cables, one to the switch of peers and one to that of
/// clients and probes, so that a node can be cut off from its peers and still be asked how it feels.
#[derive(Debug, Clone)]
pub struct Place {
    number: u8,
}

/// The two switches and the addresses at them.
const PEERS: (&str, &str) = ("peers", "10.11.0");
const CLIENTS: (&str, &str) = ("clients", "10.12.0");

/// Makes the switches and this many places. Call once in an isolated test.
pub fn places(count: u8) -> Result<Vec<Place>> {
    for (switch, network) in [PEERS, CLIENTS] {
        ip(&format!("link add {switch} type bridge"))?;
        ip(&format!("addr add {network}.254/24 dev {switch}"))?;
        ip(&format!("link set {switch} up"))?;
    }
    (1..=count).map(Place::new).collect()
}

impl Place {
    fn new(number: u8) -> Result<Self> {
        let place = Self { number };
        let name = place.name();
        ip(&format!("netns add {name}"))?;
        ip(&format!("-n {name} link set lo up"))?;
        for (switch, network) in [PEERS, CLIENTS] {
            let cable = place.cable(switch);
            ip(&format!("link add {cable} type veth peer name {switch} netns {name}"))?;
            ip(&format!("link set {cable} master {switch} up"))?;
            ip(&format!("-n {name} addr add {network}.{number}/24 dev {switch}"))?;
            ip(&format!("-n {name} link set {switch} up"))?;
        }
        Ok(place)
    }

    /// Its name for `ip netns exec`.
    pub fn name(&self) -> String {
        format!("node{}", self.number)
    }

    /// Its address among peers.
    pub fn peer_host(&self) -> String {
        format!("{}.{}", PEERS.1, self.number)
    }

    /// Its address for clients and probes.
    pub fn client_host(&self) -> String {
        format!("{}.{}", CLIENTS.1, self.number)
    }

    /// Pulls the cable to its peers.
    pub fn cut(&self) -> Result<()> {
        ip(&format!("link set {} down", self.cable(PEERS.0)))
    }

    /// Plugs it in again.
    pub fn heal(&self) -> Result<()> {
        ip(&format!("link set {} up", self.cable(PEERS.0)))
    }

    fn cable(&self, switch: &str) -> String {
        format!("{switch}{}", self.number)
    }
}

/// Runs `ip` with these arguments, in the calling thread's network.
pub(crate) fn ip(arguments: &str) -> Result<()> {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .context("cannot run ip; install iproute2 (make setup does)")?;
    ensure!(
        output.status.success(),
        "ip {arguments} failed: {}; {NEEDED}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// A small disk of its own for one folder. It vanishes when this is dropped, with everything on it.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts an empty disk of this many MiB at `folder`, which is made if it is missing.
    pub fn mount(folder: &Path, mebibytes: u32) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        mount_memory(folder, mebibytes)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Writes until nothing more fits.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.ballast()).context("cannot begin to fill a disk")?;
        // Large parts first, then smaller ones into what is left.
        for part in [1 << 20, 4_096, 1] {
            loop {
                match ballast.write_all(&vec![0; part]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).context("cannot fill a disk"),
                }
            }
        }
        Ok(())
    }

    /// Removes what [`fill`](Self::fill) wrote.
    pub fn empty(&self) -> Result<()> {
        std::fs::remove_file(self.ballast()).context("cannot make room on a disk")
    }

    /// Lets nobody write any more. Nobody may have a file of it open for writing.
    pub fn make_read_only(&self) -> Result<()> {
        self.remount(MsFlags::MS_RDONLY)
    }

    /// Lets everybody write again.
    pub fn make_writable(&self) -> Result<()> {
        self.remount(MsFlags::empty())
    }

    fn remount(&self, flags: MsFlags) -> Result<()> {
        mount(None::<&str>, &self.folder, None::<&str>, MsFlags::MS_REMOUNT | flags, None::<&str>)
            .with_context(|| format!("cannot remount {}; {NEEDED}", self.folder.display()))
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Detached: whoever still has a file of it open goes on. If it fails, the namespace's end unmounts it.
        let _ = umount2(&self.folder, MntFlags::MNT_DETACH);
    }
}
