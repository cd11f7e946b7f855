//! What a pod says of its container, with everything filled in: the process's command line, environment and user.

use std::{collections::BTreeMap, net::IpAddr};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::core::v1::{Container, EnvVar, EnvVarSource, Pod};
use kube::ResourceExt as _;

use super::sandbox::SERVER;

/// The user of the server's image, where a pod names none.
const IMAGE_USER: u32 = 65_532;

/// A process as a pod asks for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// Program and arguments.
    pub(super) command: Vec<String>,
    /// Its whole environment.
    pub(super) environment: BTreeMap<String, String>,
    /// User and group that it runs as.
    pub(super) user: (u32, u32),
    /// Most memory that it may take, in bytes.
    pub(super) memory: Option<u64>,
    /// Whether nothing but volumes may be written.
    pub(super) read_only: bool,
}

impl Template {
    /// Fills in what a pod's one container says, for a pod with this address.
    pub(super) fn of(pod: &Pod, address: IpAddr) -> Result<Self> {
        let container = container(pod)?;
        let environment = environment(pod, container, address)?;
        let substituted = |texts: &Option<Vec<String>>| -> Vec<String> {
            texts.iter().flatten().map(|text| substitute(text, &environment)).collect()
        };
        // Without a command it is the image's that runs.
        let mut command = match substituted(&container.command) {
            command if command.is_empty() => vec![SERVER.to_owned()],
            command => command,
        };
        command.extend(substituted(&container.args));
        let of_pod = pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
        let own = container.security_context.as_ref();
        let user = own.and_then(|own| own.run_as_user).or_else(|| of_pod.and_then(|of_pod| of_pod.run_as_user));
        // A volume's group is one more group of the process; here it is its only one.
        let group = of_pod.and_then(|of_pod| of_pod.fs_group.or(of_pod.run_as_group));
        let identity = |id: Option<i64>| u32::try_from(id.unwrap_or(IMAGE_USER.into())).context("a user has a number");
        Ok(Self {
            command,
            user: (identity(user)?, identity(group)?),
            memory: limit(container, "memory").map(bytes).transpose()?,
            read_only: own.and_then(|own| own.read_only_root_filesystem).unwrap_or(false),
            environment,
        })
    }
}

/// The one container of a pod.
pub(super) fn container(pod: &Pod) -> Result<&Container> {
    match pod.spec.as_ref().map(|spec| spec.containers.as_slice()) {
        Some([container]) => Ok(container),
        _ => bail!("pod {}: only pods of one container are known here", pod.name_any()),
    }
}

fn environment(pod: &Pod, container: &Container, address: IpAddr) -> Result<BTreeMap<String, String>> {
    let host = pod.spec.as_ref().and_then(|spec| spec.hostname.clone()).unwrap_or_else(|| pod.name_any());
    let mut environment =
        BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()), ("HOSTNAME".to_owned(), host)]);
    for EnvVar { name, value, value_from } in container.env.iter().flatten() {
        let value = match value_from {
            Some(source) => looked_up(source, pod, container, address).with_context(|| format!("variable {name}"))?,
            // Only variables that come before it are seen.
            None => substitute(value.as_deref().unwrap_or_default(), &environment),
        };
        environment.insert(name.clone(), value);
    }
    Ok(environment)
}

/// A variable's value that comes from somewhere else.
fn looked_up(source: &EnvVarSource, pod: &Pod, container: &Container, address: IpAddr) -> Result<String> {
    if let Some(field) = &source.field_ref {
        let spec = pod.spec.as_ref().context("a pod has a spec")?;
        return match field.field_path.as_str() {
            "metadata.name" => Ok(pod.name_any()),
            "metadata.namespace" => pod.namespace().context("a pod has a namespace"),
            "metadata.uid" => pod.uid().context("a pod has a uid"),
            "spec.nodeName" => spec.node_name.clone().context("the pod has no node"),
            "spec.serviceAccountName" => Ok(spec.service_account_name.clone().unwrap_or_default()),
            "status.podIP" | "status.podIPs" => Ok(address.to_string()),
            path => bail!("field {path} is not known here"),
        };
    }
    match &source.resource_field_ref {
        Some(field) if field.divisor.as_ref().is_none_or(|divisor| divisor.0 == "0" || divisor.0 == "1") => {
            let name = field.resource.strip_prefix("limits.").context("only limits are known here")?;
            Ok(bytes(limit(container, name).context("there is no such limit")?)?.to_string())
        }
        _ => bail!("only fields and limits are known here"),
    }
}

fn limit<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    let limits = container.resources.as_ref()?.limits.as_ref()?;
    limits.get(name).map(|quantity| quantity.0.as_str())
}

/// A quantity in bytes: a whole number, with or without a unit.
fn bytes(quantity: &str) -> Result<u64> {
    let units = [("Ki", 1_u64 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("k", 1_000), ("M", 1_000_000)];
    let split = units.iter().find_map(|(unit, size)| Some((quantity.strip_suffix(unit)?, *size)));
    let (number, size) = split.unwrap_or((quantity, 1));
    let number: u64 = number.parse().with_context(|| format!("quantity {quantity} is not known here"))?;
    number.checked_mul(size).with_context(|| format!("quantity {quantity} is too large"))
}

/// Replaces each `$(NAME)` by that variable; `$$` is a dollar, and what no variable is called stays as it is.
fn substitute(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        let named = after.strip_prefix('(').and_then(|after| after.split_once(')'));
        rest = match (after.strip_prefix('$'), named) {
            (Some(after), _) => {
                result.push('$');
                after
            }
            (None, Some((name, after))) => {
                match environment.get(name) {
                    Some(value) => result.push_str(value),
                    // Kubernetes leaves what it does not know as it is.
                    None => result.extend(["$(", name, ")"]),
                }
                after
            }
            (None, None) => {
                result.push('$');
                after
            }
        };
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use serde_json::json;

    use super::*;

    fn pod(container: &serde_json::Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "demo-0", "namespace": "space"},
            "spec": {"containers": [container], "securityContext": {"runAsUser": 7, "fsGroup": 8}},
        }))
        .unwrap()
    }

    fn template(container: &serde_json::Value) -> Result<Template> {
        Template::of(&pod(container), Ipv4Addr::new(10, 244, 0, 1).into())
    }

    #[test]
    fn variables_are_filled_in_as_far_as_they_are_known() {
        let template = template(&json!({
            "name": "server",
            "env": [
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "NAME", "value": "$(POD).$(LATER).$$(POD)"},
                {"name": "LATER", "value": "x"},
            ],
            "args": ["--name=$(POD)", "--address", "$(NAME):1", "5$"],
            "resources": {"limits": {"memory": "2Gi"}},
        }))
        .unwrap();
        assert_eq!(template.environment["NAME"], "demo-0.$(LATER).$(POD)");
        let expected = [SERVER, "--name=demo-0", "--address", "demo-0.$(LATER).$(POD):1", "5$"];
        assert_eq!(template.command, expected);
        assert_eq!((template.user, template.memory), ((7, 8), Some(2 << 30)));
    }

    #[test]
    fn what_is_not_known_is_refused_rather_than_left_out() {
        let unknown = json!({"fieldRef": {"fieldPath": "status.hostIP"}});
        let refusal = template(&json!({"name": "server", "env": [{"name": "HOST", "valueFrom": unknown}]}));
        assert_eq!(format!("{:#}", refusal.unwrap_err()), "variable HOST: field status.hostIP is not known here");
    }
}
