//! What a container's process sees of the world: its pod's network, and a file system of its own with its volumes.
//!
//! Namespaces and the root directory belong to threads, and a process inherits them from the thread that starts it. So
//! each process is started by a thread of its own that has gone there before.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    unistd::{chdir, chroot},
};

use crate::harness::process::Process;

/// Where the server's image has the server.
pub(super) const SERVER: &str = "/usr/local/bin/silhouette-server";

/// A container's surroundings.
#[derive(Debug)]
pub(super) struct Sandbox {
    /// An empty folder to build its file system in.
    pub(super) root: PathBuf,
    /// The server's program on this machine.
    pub(super) program: PathBuf,
    /// The file of names.
    pub(super) hosts: PathBuf,
    /// The pod's network namespace.
    pub(super) network: PathBuf,
    /// Its volumes.
    pub(super) mounts: Vec<Mount>,
    /// What its control group says of memory, in bytes. It is said, not enforced.
    pub(super) memory: Option<u64>,
    /// Whether nothing but volumes may be written.
    pub(super) read_only: bool,
}

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// File or folder on this machine.
    pub(super) source: PathBuf,
    /// Absolute path in the container.
    pub(super) target: PathBuf,
    /// Whether it may only be read.
    pub(super) read_only: bool,
}

impl Sandbox {
    /// Starts `command` in it.
    pub(super) fn run(self, mut command: Command) -> Result<Process> {
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            self.enter()?;
            Process::spawn(&mut command)
        })?;
        match thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Takes the calling thread into it. The mounts vanish with the last process that sees them.
    fn enter(&self) -> Result<()> {
        unshare(CloneFlags::CLONE_NEWNS).context("cannot make a mount namespace")?;
        let network = File::open(&self.network).context("the pod has no network namespace")?;
        setns(network, CloneFlags::CLONE_NEWNET).context("cannot enter the pod's network namespace")?;
        mount(Some("tmpfs"), &self.root, Some("tmpfs"), MsFlags::empty(), Some("size=1m"))
            .context("cannot mount a root file system")?;
        self.lay_out_image()?;
        self.lay_out_system()?;
        for volume in &self.mounts {
            self.bind(&volume.source, &volume.target, volume.read_only)?;
        }
        if self.read_only {
            let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            mount(None::<&str>, &self.root, None::<&str>, flags, None::<&str>).context("cannot protect the root")?;
        }
        chroot(&self.root).context("cannot change the root")?;
        chdir("/").context("the root has no folder")
    }

    /// What an image of the server would have: the program, and the C library.
    fn lay_out_image(&self) -> Result<()> {
        self.bind(&self.program, Path::new(SERVER), true)?;
        for folder in ["lib", "lib64"] {
            let shared = Path::new("/usr").join(folder);
            if shared.is_dir() {
                self.bind(&shared, &shared, true)?;
            }
            match fs::read_link(Path::new("/").join(folder)) {
                Ok(target) => symlink(target, self.root.join(folder)).context("cannot link to libraries")?,
                Err(_) => self.bind(&Path::new("/").join(folder), &Path::new("/").join(folder), true)?,
            }
        }
        Ok(())
    }

    /// What a container runtime adds.
    fn lay_out_system(&self) -> Result<()> {
        for folder in ["/proc", "/dev"] {
            self.bind(Path::new(folder), Path::new(folder), false)?;
        }
        self.bind(&self.hosts, Path::new("/etc/hosts"), true)?;
        // Names are told by that file alone.
        fs::write(self.inside(Path::new("/etc/nsswitch.conf")), "hosts: files\n").context("cannot lay out /etc")?;
        let control_group = self.inside(Path::new("/sys/fs/cgroup"));
        fs::create_dir_all(&control_group).context("cannot lay out /sys")?;
        let memory = self.memory.map_or_else(|| "max".to_owned(), |bytes| bytes.to_string());
        fs::write(control_group.join("memory.max"), memory + "\n").context("cannot lay out /sys")
    }

    /// Makes `source` appear at `target` in the sandbox.
    fn bind(&self, source: &Path, target: &Path, read_only: bool) -> Result<()> {
        let place = self.inside(target);
        let folder = if source.is_dir() { Some(place.as_path()) } else { place.parent() };
        fs::create_dir_all(folder.context("a mount has a place")?)
            .with_context(|| format!("cannot make a place for {}", target.display()))?;
        if !source.is_dir() {
            File::create(&place).with_context(|| format!("cannot make a place for {}", target.display()))?;
        }
        let bound = MsFlags::MS_BIND | MsFlags::MS_REC;
        let mut outcome = mount(Some(source), &place, None::<&str>, bound, None::<&str>);
        if read_only && outcome.is_ok() {
            let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            outcome = mount(None::<&str>, &place, None::<&str>, flags, None::<&str>);
        }
        outcome.with_context(|| format!("cannot mount {} at {}", source.display(), target.display()))
    }

    fn inside(&self, target: &Path) -> PathBuf {
        self.root.join(target.strip_prefix("/").unwrap_or(target))
    }
}
