//! Who may connect to pods. Where a network enforces no policies, it changes nothing.
//!
//! Kubernetes' own probes come from the pod's node, which every network lets through.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::networking::v1::{
        NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
        util::intstr::IntOrString,
    },
};

use super::{Port, Subject, labels, names};
use crate::api::{self, LabelSelectorOperator, NetworkPolicyMode, Peer};

/// The policy; none if people keep their own.
pub(super) fn network_policy(subject: Subject<'_>) -> Option<NetworkPolicy> {
    let section = &subject.spec.network_policy;
    match section.mode {
        NetworkPolicyMode::Managed => {}
        NetworkPolicyMode::Disabled => return None,
    }
    let nodes = NetworkPolicyPeer { pod_selector: Some(subject.selector()), ..NetworkPolicyPeer::default() };
    let rules = vec![
        rule([Port::Peer, Port::Client], Some(vec![nodes])),
        rule([Port::Client], Some(vec![operator()])),
        rule([Port::Client], named(&section.clients)),
        rule([Port::Http], named(&section.metrics)),
    ];
    let spec = NetworkPolicySpec {
        pod_selector: Some(subject.selector()),
        policy_types: Some(vec!["Ingress".to_owned()]),
        ingress: Some(rules),
        egress: None,
    };
    Some(NetworkPolicy { metadata: subject.metadata(names::main(subject.name)), spec: Some(spec) })
}

/// Lets these connect to these ports; everybody, if nobody is named.
fn rule<const PORTS: usize>(ports: [Port; PORTS], from: Option<Vec<NetworkPolicyPeer>>) -> NetworkPolicyIngressRule {
    let ports = ports.map(|port| NetworkPolicyPort {
        port: Some(IntOrString::String(port.name().to_owned())),
        protocol: Some("TCP".to_owned()),
        end_port: None,
    });
    NetworkPolicyIngressRule { ports: Some(ports.into()), from }
}

/// The operator's pods, in whatever namespace they are.
fn operator() -> NetworkPolicyPeer {
    let name = BTreeMap::from([(labels::NAME.to_owned(), labels::OPERATOR.to_owned())]);
    NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector::default()),
        pod_selector: Some(LabelSelector { match_labels: Some(name), match_expressions: None }),
        ip_block: None,
    }
}

/// Who was named; `None` if nobody was.
fn named(peers: &[Peer]) -> Option<Vec<NetworkPolicyPeer>> {
    let peers: Vec<_> = peers.iter().map(peer).collect();
    (!peers.is_empty()).then_some(peers)
}

fn peer(peer: &Peer) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: peer.namespace_selector.as_ref().map(selector),
        pod_selector: peer.pod_selector.as_ref().map(selector),
        ip_block: None,
    }
}

/// A selector as the API server has it.
fn selector(selector: &api::LabelSelector) -> LabelSelector {
    let requirements: Vec<_> = selector.match_expressions.iter().map(requirement).collect();
    LabelSelector {
        match_labels: (!selector.match_labels.is_empty()).then(|| selector.match_labels.clone()),
        match_expressions: (!requirements.is_empty()).then_some(requirements),
    }
}

fn requirement(requirement: &api::LabelRequirement) -> LabelSelectorRequirement {
    let operator = match requirement.operator {
        LabelSelectorOperator::In => "In",
        LabelSelectorOperator::NotIn => "NotIn",
        LabelSelectorOperator::Exists => "Exists",
        LabelSelectorOperator::DoesNotExist => "DoesNotExist",
    };
    LabelSelectorRequirement {
        key: requirement.key.clone(),
        operator: operator.to_owned(),
        values: (!requirement.values.is_empty()).then(|| requirement.values.clone()),
    }
}
