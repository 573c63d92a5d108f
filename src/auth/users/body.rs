use crate::auth::password::check_password;
use crate::auth::permission::Role;
use crate::types::absent::{null_is_default, present};
use crate::types::fault::{Fault, Faults};
use crate::types::free_data::{PatchIds, PatchMetadata};
use crate::types::id::UserId;
use crate::types::text::{check_email, check_external_ids, check_metadata, check_text};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A user to create.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "siti@example.com", "name": "Siti Rahma", "role": "sales", "external_ids": {"erp": "VP-017"}}))]
pub struct NewUser {
    /// What the user logs in with.
    pub email: String,
    pub name: String,
    /// admin, sales, warehouse, finance or viewer; the other roles are for programs.
    pub role: Role,
    /// Without one the answer shows a one-time password, with which the user sets an own one.
    #[serde(default)]
    pub password: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Map<String, Value>,
}

impl NewUser {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_email(&mut faults, "/email", &self.email);
        check_text(&mut faults, "/name", &self.name, 200);
        check_role(&mut faults, self.role);
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        if let Some(password) = &self.password {
            check_password(&mut faults, "/password", password, &[&self.email, &self.name]);
        }
        faults.into_result()
    }
}

fn check_role(faults: &mut Faults, role: Role) {
    let fits = !matches!(role, Role::Integration | Role::Storefront);
    faults.require(fits, "/role", "role_of_programs", "a user is admin, sales, warehouse, finance or viewer; programs use API clients");
}

/// What changes of a user. Absent fields stay as they are; within `external_ids` and `metadata` null takes a member away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "finance", "external_ids": {"erp": "VP-018"}}))]
pub struct PatchUser {
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    /// Ends the user's logins, whose tokens carry the role until now.
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    pub external_ids: PatchIds,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    pub metadata: PatchMetadata,
}

impl PatchUser {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        if let Some(email) = &self.email {
            check_email(&mut faults, "/email", email);
        }
        if let Some(name) = &self.name {
            check_text(&mut faults, "/name", name, 200);
        }
        if let Some(role) = self.role {
            check_role(&mut faults, role);
        }
        faults.into_result()
    }
}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct DisableUser {}

/// No field at all; an empty body will do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct EnableUser {}

/// A password that an administrator sets.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct SetPassword {
    /// Without one the answer shows a one-time password.
    #[serde(default)]
    pub password: Option<String>,
}

/// A password that its owner sets.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "the one until now", "new_password": "kereta api pagi ke Bandung"}))]
pub struct ChangePassword {
    pub current_password: String,
    /// At least 12 characters.
    pub new_password: String,
}

/// A user. The password is not among what can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    pub id: UserId,
    #[schema(example = "siti@example.com")]
    pub email: String,
    #[schema(example = "Siti Rahma")]
    pub name: String,
    pub role: Role,
    /// A disabled user is out within 30 s.
    pub active: bool,
    /// The password is a one-time password: it opens nothing but `POST /v1/me/password`.
    pub password_change_required: bool,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A user, with the one-time password if there is a new one; it is shown this once.
#[derive(Serialize, ToSchema)]
pub struct IssuedUser {
    #[schema(example = "fq6mt-3w2xh-9krbe-vz7an")]
    pub one_time_password: Option<String>,
    #[serde(flatten)]
    pub user: User,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_fault_of_a_new_user_is_told_at_its_place() {
        let faults = |json: serde_json::Value| -> Vec<(String, String)> {
            let user: NewUser = serde_json::from_value(json).unwrap();
            user.check().err().unwrap_or_default().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
        };
        assert!(faults(json!({"email": "siti@example.com", "name": "Siti", "role": "sales"})).is_empty());
        let told = faults(json!({"email": "siti", "name": " ", "role": "integration", "password": "short"}));
        let wanted =
            [("/email", "invalid_email"), ("/name", "required"), ("/role", "role_of_programs"), ("/password", "password_too_short")];
        assert_eq!(told, wanted.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    }
}
