//! The container in which a node runs.

use k8s_openapi::{
    api::core::v1::{
        Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction, ObjectFieldSelector, Probe,
        ResourceRequirements, VolumeMount,
    },
    apimachinery::pkg::{api::resource::Quantity, util::intstr::IntOrString},
};

use super::{
    super::{
        CONFIGURATION_DIRECTORY, CONFIGURATION_FILE, CONFIGURATION_VOLUME, DATA_DIRECTORY, DATA_VOLUME, Port,
        SERVER_CONTAINER, Subject, names,
    },
    security,
};

/// The variable with the pod's name, by which nodes are told apart.
const POD_NAME: &str = "POD_NAME";

/// The container.
pub(super) fn server(subject: Subject<'_>) -> Container {
    let image = &subject.spec.image;
    Container {
        name: SERVER_CONTAINER.to_owned(),
        image: Some(image.name.clone()),
        image_pull_policy: Some(image.pull_policy.as_str().to_owned()),
        command: Some(vec!["silhouette-server".to_owned()]),
        args: Some(arguments(subject)),
        env: Some(environment(subject)),
        ports: Some(Port::ALL.map(container_port).into()),
        resources: Some(resources(subject)),
        security_context: Some(security::of_container()),
        startup_probe: Some(probe("/startupz", STARTUP_PERIOD_SECONDS, STARTUP_FAILURES)),
        readiness_probe: Some(probe("/readyz", READINESS_PERIOD_SECONDS, READINESS_FAILURES)),
        liveness_probe: Some(probe("/livez", LIVENESS_PERIOD_SECONDS, LIVENESS_FAILURES)),
        volume_mounts: Some(vec![
            mount(DATA_VOLUME, DATA_DIRECTORY, None),
            mount(CONFIGURATION_VOLUME, CONFIGURATION_DIRECTORY, Some(true)),
        ]),
        ..Container::default()
    }
}

/// What a node is told by flags: its name, by which the operator finds a member's place, and where it keeps its data and is
/// reached. Flags win over variables, so that `spec.podTemplate` can configure all else.
fn arguments(subject: Subject<'_>) -> Vec<String> {
    let pod = format!("$({POD_NAME})");
    let addresses = Port::ALL.into_iter().flat_map(|port| {
        let (name, number) = (port.name(), port.number());
        let advertised = names::address(&pod, subject.name, subject.namespace, port);
        [format!("--{name}-addr=0.0.0.0:{number}"), format!("--advertise-{name}-addr={advertised}")]
    });
    let first = [
        format!("--config={CONFIGURATION_DIRECTORY}/{CONFIGURATION_FILE}"),
        format!("--data-dir={DATA_DIRECTORY}"),
        format!("--name={pod}"),
    ];
    first.into_iter().chain(addresses).collect()
}

fn environment(subject: Subject<'_>) -> Vec<EnvVar> {
    let field = ObjectFieldSelector { field_path: "metadata.name".to_owned(), api_version: Some("v1".to_owned()) };
    let source = EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() };
    let name = EnvVar { name: POD_NAME.to_owned(), value: None, value_from: Some(source) };
    let traces = subject.spec.monitoring.traces.as_ref().map(|traces| EnvVar {
        name: "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
        value: Some(traces.endpoint.clone()),
        value_from: None,
    });
    [name].into_iter().chain(traces).collect()
}

fn container_port(port: Port) -> ContainerPort {
    ContainerPort {
        name: Some(port.name().to_owned()),
        container_port: port.number().into(),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    }
}

/// Memory is promised to the byte: a node that may use more than it was promised is killed when others want theirs.
fn resources(subject: Subject<'_>) -> ResourceRequirements {
    let resources = &subject.spec.resources;
    let memory = || Some(("memory".to_owned(), Quantity(resources.memory.0.clone())));
    let cpu = |cores: &crate::api::CpuQuantity| ("cpu".to_owned(), Quantity(cores.0.clone()));
    ResourceRequirements {
        requests: Some(memory().into_iter().chain(resources.cpu.request.as_ref().map(cpu)).collect()),
        limits: Some(memory().into_iter().chain(resources.cpu.limit.as_ref().map(cpu)).collect()),
        claims: None,
    }
}

fn mount(volume: &str, path: &str, read_only: Option<bool>) -> VolumeMount {
    VolumeMount { name: volume.to_owned(), mount_path: path.to_owned(), read_only, ..VolumeMount::default() }
}

/// How long an answer may take: more than a sync of a slow disk, which nobody should be restarted for.
const PROBE_TIMEOUT_SECONDS: i32 = 5;

/// A node may take an hour to recover what is on its disk: 720 times 5 s.
const STARTUP_PERIOD_SECONDS: i32 = 5;
const STARTUP_FAILURES: i32 = 720;

/// A node that stops serving says so itself, after a hold of its own; three failures are a node that cannot answer.
const READINESS_PERIOD_SECONDS: i32 = 2;
const READINESS_FAILURES: i32 = 3;

/// A minute without progress is more than any load takes.
const LIVENESS_PERIOD_SECONDS: i32 = 10;
const LIVENESS_FAILURES: i32 = 6;

fn probe(path: &str, period_seconds: i32, failure_threshold: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(Port::Http.name().to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period_seconds),
        failure_threshold: Some(failure_threshold),
        timeout_seconds: Some(PROBE_TIMEOUT_SECONDS),
        ..Probe::default()
    }
}
