//! Who works at the demo company: one of each role.

use crate::auth::actor::Context;
use crate::auth::password;
use crate::auth::permission::Role;
use crate::auth::users;
use crate::auth::users::body::NewUser;
use crate::auth::users::service::{Filter, HashedPassword};
use crate::error::Error;
use crate::platform::http::Precondition;
use diesel::pg::PgConnection;
use serde_json::Map;
use std::collections::BTreeMap;

/// E-mail address of whose login the demo prints.
pub const ADMIN: &str = "ayu@nusantara-niaga.example";

const PEOPLE: [(&str, &str, Role); 4] = [
    (ADMIN, "Ayu Maharani", Role::Admin),
    ("siti@nusantara-niaga.example", "Siti Rahma", Role::Sales),
    ("budi@nusantara-niaga.example", "Budi Santoso", Role::Warehouse),
    ("dewi@nusantara-niaga.example", "Dewi Lestari", Role::Finance),
];

/// Creates whoever is not there yet, and gives all the one password: whoever has lost the file with it starts the demo again.
pub fn create(connection: &mut PgConnection, context: &Context, password: &str) -> Result<(), Error> {
    for (email, name, role) in PEOPLE {
        let hashed = HashedPassword { hash: password::hash(password)?, one_time: false };
        let filter = Filter { email: Some(email.to_owned()), ..Filter::default() };
        let known = users::service::list(connection, context.organization_id, &filter, None, 1)?.data.pop();
        match known {
            Some(user) => {
                users::service::set_password(connection, context, user.id, &hashed, None, &Precondition::Any)?;
            }
            None => {
                let new = NewUser {
                    email: email.to_owned(),
                    name: name.to_owned(),
                    role,
                    password: Some(password.to_owned()),
                    external_ids: BTreeMap::new(),
                    metadata: Map::new(),
                };
                users::service::create(connection, context, &new, &hashed)?;
            }
        }
    }
    Ok(())
}
