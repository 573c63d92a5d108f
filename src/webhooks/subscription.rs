//! Which events an endpoint gets. Pure.

use crate::auth::permission::{Permissions, Role};
use crate::events::scope_of;

/// What an endpoint asked for, and what its owner may read.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// None: all that the owner may read.
    pub event_types: Vec<String>,
    /// Of the owner's token when it said so.
    pub scope: Permissions,
    /// The owner's role now; `None` for one that has been disabled.
    pub role: Option<Role>,
}

/// Its delivery is made where it is asked for.
pub const TEST: &str = "webhook_endpoint.test";

impl Subscription {
    /// What the owner may read: as with a token, role ∩ scope.
    pub fn permissions(&self) -> Permissions {
        self.role.map(|role| role.permissions().intersect(self.scope)).unwrap_or_default()
    }

    /// Whether its owner may read events of this type.
    pub fn may_read(&self, event_type: &str) -> bool {
        scope_of(event_type).is_some_and(|scope| self.permissions().contains(scope))
    }

    /// Whether an event of the feed goes to the endpoint.
    pub fn takes(&self, event_type: &str) -> bool {
        let asked = self.event_types.is_empty() || self.event_types.iter().any(|wanted| wanted == event_type);
        asked && event_type != TEST && self.may_read(event_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::permission::Permission;

    #[test]
    fn an_endpoint_gets_what_it_asked_for_and_its_owner_may_read_now() {
        let subscription = |types: &[&str], role| Subscription {
            event_types: types.iter().map(|name| (*name).to_owned()).collect(),
            scope: Permissions::all(),
            role,
        };
        let all = subscription(&[], Some(Role::Admin));
        assert!(all.takes("order.captured") && all.takes("user.created") && !all.takes(TEST) && !all.takes("unheard.of"));
        let some = subscription(&["order.captured", "user.created"], Some(Role::Admin));
        assert!(some.takes("order.captured") && !some.takes("order.held"));
        let fallen = subscription(&["order.captured", "user.created"], Some(Role::Sales));
        assert!(fallen.takes("order.captured") && !fallen.takes("user.created"));
        assert!(!subscription(&[], None).takes("order.captured"), "whose owner is out gets nothing");
        let narrow = Subscription { scope: Permissions::of(&[Permission::WEBHOOKS_WRITE]), ..all };
        assert!(!narrow.takes("order.captured"));
    }
}
