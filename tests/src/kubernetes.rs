//! A Kubernetes without kubelets: real API server, etcd and controller manager on loopback.
//!
//! [`Kubernetes::shared`] is one for all tests of an executable, each of which takes a [`Namespace`] of its own;
//! [`Kubernetes::start`] is one for a test alone, such as one in a network of its own. There is no scheduler and no
//! kubelet: a pod does what the test says that it does, or [`kubelet`] stands in. `make kubernetes-programs` builds what
//! runs here.

mod arguments;
mod caretaker;
mod certificates;
mod control_plane;
mod events;
mod identity;
pub mod kubelet;
mod namespace;
mod objects;
mod operator;
mod permissions;
mod programs;
mod service;

pub use control_plane::Kubernetes;
pub use events::events_about;
pub use identity::Identity;
pub use namespace::Namespace;
pub use objects::{PATIENCE, apply, apply_file, until, until_gone, until_some};
pub use operator::Operator;
