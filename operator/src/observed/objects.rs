//! Objects of the API server other than pods and claims.

use crate::ids::{ResourceVersion, Revision, Uid};

/// The StatefulSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSeen {
    /// This very object.
    pub uid: Uid,
    /// As it was seen.
    pub version: ResourceVersion,
    /// Pods that it asks for.
    pub replicas: u32,
    /// The version of the template that new pods get. Of a template that its controller has not looked at yet: the one
    /// before.
    pub revision: Revision,
    /// Whether its controller has looked at its present spec.
    pub is_observed: bool,
    /// `silhouette.dev/released`: whether it is about to have fewer pods.
    pub released: bool,
    /// Whether anything but its size differs from what the spec asks for.
    pub is_outdated: bool,
}

/// The PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSeen {
    /// As it was seen.
    pub version: ResourceVersion,
    /// Pods that must stay ready; 0 if it differs from what is asked for in anything else, as it protects nobody for sure then.
    pub min_available: u32,
    /// `silhouette.dev/released`: whether it is about to ask for fewer.
    pub released: bool,
    /// Whether its controller has seen its present spec: until then evictions are counted by the one before.
    pub is_observed: bool,
}

/// A child object that may be applied at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Child {
    /// The pods' identity.
    ServiceAccount,
    /// The nodes' configuration, named by its content.
    ConfigMap,
    /// Names of pods, ready or not.
    HeadlessService,
    /// Ready pods, for writers.
    Service,
    /// All pods, for readers.
    RetrievalService,
    /// Who may talk to pods.
    NetworkPolicy,
    /// Volume claims, as far as they go with the resource or do not.
    Claims,
}

impl Child {
    /// As steps name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceAccount => "serviceaccount",
            Self::ConfigMap => "configmap",
            Self::HeadlessService => "headless-service",
            Self::Service => "service",
            Self::RetrievalService => "retrieval-service",
            Self::NetworkPolicy => "networkpolicy",
            Self::Claims => "claims",
        }
    }
}
