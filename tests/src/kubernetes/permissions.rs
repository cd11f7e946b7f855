//! What an operator of one namespace may do, as RBAC grants it: what docs/operator.md says that it must be allowed to do.

use std::{fmt::Write as _, fs};

use anyhow::{Context as _, Result, bail};

use super::{identity::Identity, namespace::Namespace};
use crate::documentation::page::root;

/// Where rows of the table apply.
const EVERYWHERE: &str = "everywhere";

/// The table's rows as rules of a `ClusterRole`, if they apply everywhere, or of a Role.
fn rules(everywhere: bool) -> Result<String> {
    let page = fs::read_to_string(root().join("docs/operator.md")).context("docs/operator.md cannot be read")?;
    let (_, section) = page.split_once("### What it must be allowed to do").context("docs/operator.md has no table")?;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let mut rules = String::new();
    for row in section.lines().filter(|line| line.starts_with('|')).skip(2) {
        let cells: Vec<String> = row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let [place, group, resources, verbs] = cells.as_slice() else { bail!("not four cells: {row}") };
        if (place == EVERYWHERE) != everywhere {
            continue;
        }
        let group = if group == "core" { "\"\"" } else { group };
        writeln!(rules, "  - {{apiGroups: [{group}], resources: [{resources}], verbs: [{verbs}]}}")?;
    }
    Ok(rules)
}

fn role(kind: &str, rules: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: silhouette-operator}}\nrules:\n{rules}"
    )
}

/// Somebody who may do in `namespace` what an operator needs, and nothing elsewhere.
pub(super) async fn operator_of(namespace: &Namespace) -> Result<Identity> {
    let name = namespace.name();
    let user = format!("operator-of-{name}");
    let subject = format!("{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}");
    let binding = |kind: &str, binding: &str, role: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: {binding}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: silhouette-operator}}\n\
             subjects: [{subject}]\n"
        )
    };
    let bindings =
        [binding("RoleBinding", "silhouette-operator", "Role"), binding("ClusterRoleBinding", &user, "ClusterRole")];
    namespace.apply(&[role("Role", &rules(false)?), role("ClusterRole", &rules(true)?)].join("---\n")).await?;
    namespace.apply(&bindings.join("---\n")).await?;
    namespace.kubernetes().identity(&user, None)
}
