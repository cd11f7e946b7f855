//! What an operator of one namespace may do, as RBAC grants it: no more than it needs.

use anyhow::Result;

use super::{identity::Identity, namespace::Namespace};

/// What it may do in its namespace, and the little that it may read everywhere.
const GRANTS: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: silhouette-operator}
rules:
  - {apiGroups: [silhouette.dev], resources: [silhouetteclusters], verbs: [get, list, watch]}
  - {apiGroups: [silhouette.dev], resources: [silhouetteclusters/status], verbs: [get, patch, update]}
  - {apiGroups: [apps], resources: [statefulsets], verbs: [get, list, watch, create, patch]}
  - {apiGroups: [apps], resources: [controllerrevisions], verbs: [get, list, watch]}
  - apiGroups: [""]
    resources: [services, serviceaccounts, configmaps]
    verbs: [get, list, watch, create, patch, delete]
  - {apiGroups: [""], resources: [persistentvolumeclaims], verbs: [get, list, watch, patch, delete]}
  - {apiGroups: [""], resources: [pods], verbs: [get, list, watch, delete]}
  - {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
  - {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [get, list, watch, create, patch, delete]}
  - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [get, list, watch, create, patch, delete]}
  - {apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch]}
  - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, patch, update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: silhouette-operator}
rules:
  - {apiGroups: [""], resources: [nodes], verbs: [get, list, watch]}
  - apiGroups: [apiextensions.k8s.io]
    resources: [customresourcedefinitions]
    resourceNames: [silhouetteclusters.silhouette.dev]
    verbs: [get]
"#;

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
    namespace.apply(GRANTS).await?;
    namespace.apply(&bindings.join("---\n")).await?;
    namespace.kubernetes().identity(&user, None)
}
