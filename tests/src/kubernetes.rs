//! A Kubernetes without kubelets: real API server, etcd and controller manager.

pub mod kubelet;
