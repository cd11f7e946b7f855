//! Who this process is among others of its kind.

use std::{
    env, fs,
    hash::{BuildHasher as _, RandomState},
};

/// Where the kernel says how the host is called.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// Who this process is.
pub(super) struct Identity {
    /// The pod, or the host: for events.
    pub(super) pod: Option<String>,
    /// The same with what no other process has, one that is started again included: for the lease.
    pub(super) unique: String,
}

/// Who this process is. A pod's host name is the pod's name.
pub(super) fn identity() -> Identity {
    let host = || fs::read_to_string(HOST_NAME).ok().map(|name| name.trim().to_owned());
    let pod = env::var("POD_NAME").ok().or_else(host).filter(|name| !name.is_empty());
    // The standard library seeds each hash map at random; nothing here is secret.
    let random = RandomState::new().hash_one(std::process::id());
    let unique = format!("{}_{random:016x}", pod.as_deref().unwrap_or("silhouette-operator"));
    Identity { pod, unique }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_started_again_is_another() {
        assert_ne!(identity().unique, identity().unique);
        assert_eq!(identity().pod, identity().pod);
    }
}
