//! The pods' identity. It may do nothing, and they get no token for it: an image that needs one, to be pulled or to mount a
//! volume of a cloud, can be allowed by its name.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::{Subject, names};

/// The account.
pub(super) fn service_account(subject: Subject<'_>) -> ServiceAccount {
    ServiceAccount {
        metadata: subject.metadata(names::service_account(subject.name)),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}
