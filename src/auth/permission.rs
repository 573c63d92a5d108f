//! Scopes, and the one table that says which role has which.

/// What a token may do: an OAuth scope (RFC 6749 §3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Permission(u8);

macro_rules! permissions {
    ($($name:ident = $bit:literal, $scope:literal, $what:literal;)*) => {
        impl Permission {
            $(#[doc = $what] pub const $name: Permission = Permission($bit);)*
            /// All scopes with their meaning, in the order in which they are documented.
            pub const ALL: &[(Permission, &str, &str)] = &[$((Permission($bit), $scope, $what)),*];
        }
    };
}

permissions! {
    ORDERS_READ = 0, "orders:read", "Read orders";
    ORDERS_WRITE = 1, "orders:write", "Place, confirm, hold, release and cancel orders";
    ORDERS_PRICE = 2, "orders:price", "Set own prices, discounts, terms and sales reps on orders";
    CATALOG_READ = 3, "catalog:read", "Read products, prices and tax rates";
    CATALOG_WRITE = 4, "catalog:write", "Change products, prices and tax rates";
    CUSTOMERS_READ = 5, "customers:read", "Read customers";
    CUSTOMERS_WRITE = 6, "customers:write", "Change customers";
    INVENTORY_READ = 7, "inventory:read", "Read stock";
    INVENTORY_WRITE = 8, "inventory:write", "Receive, count, adjust and transfer stock";
    FULFILLMENT_READ = 9, "fulfillment:read", "Read fulfillment orders and shipments";
    FULFILLMENT_WRITE = 10, "fulfillment:write", "Pick, pack, ship and track";
    INVOICES_READ = 11, "invoices:read", "Read invoices and credit notes";
    INVOICES_WRITE = 12, "invoices:write", "Issue invoices and credit notes";
    PAYMENTS_READ = 13, "payments:read", "Read payments";
    PAYMENTS_WRITE = 14, "payments:write", "Book, capture, void and refund payments";
    PAYMENTS_WRITE_OFF = 30, "payments:write_off", "Give up what is owed: adjustments of kind write_off";
    RETURNS_READ = 15, "returns:read", "Read returns";
    RETURNS_WRITE = 16, "returns:write", "Take goods back";
    REPORTS_READ = 17, "reports:read", "Read reports";
    REPORTS_WRITE = 18, "reports:write", "Change report settings";
    EVENTS_READ = 19, "events:read", "Read the event feed";
    EVENTS_WRITE = 20, "events:write", "Change event settings";
    CHANNELS_READ = 21, "channels:read", "Read channels";
    CHANNELS_WRITE = 22, "channels:write", "Change channels";
    WEBHOOKS_READ = 23, "webhooks:read", "Read webhook endpoints";
    WEBHOOKS_WRITE = 24, "webhooks:write", "Change webhook endpoints";
    ALERTS_READ = 25, "alerts:read", "Read alerts";
    ALERTS_WRITE = 26, "alerts:write", "Change alert rules and acknowledge alerts";
    CHECKOUT = 27, "checkout", "Ask for availability and reserve stock from a checkout";
    IMPORT = 28, "import", "Import history with given numbers, dates and states";
    ADMIN = 29, "admin", "Change the organization, its API clients and users";
}

impl Permission {
    pub fn scope(self) -> &'static str {
        Self::ALL.iter().find(|(permission, _, _)| *permission == self).map_or("", |(_, scope, _)| scope)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Permissions(u32);

impl Permissions {
    pub fn of(permissions: &[Permission]) -> Self {
        Self(permissions.iter().fold(0, |bits, permission| bits | 1 << permission.0))
    }

    pub fn all() -> Self {
        Self(Permission::ALL.iter().fold(0, |bits, (permission, _, _)| bits | 1 << permission.0))
    }

    pub fn contains(self, permission: Permission) -> bool {
        self.0 & 1 << permission.0 != 0
    }

    /// Effective permission = role ∩ scope.
    pub fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// From how a scope was written down; a word that is no longer known gives nothing.
    pub fn stored(scope: &str) -> Self {
        let known = |set: Self, word: &str| Self::parse(word).map_or(set, |one| set.union(one));
        scope.split_ascii_whitespace().fold(Self::default(), known)
    }

    /// Reads a space-separated scope string; unknown scopes are `Err` with their name.
    pub fn parse(scope: &str) -> Result<Self, String> {
        scope.split_ascii_whitespace().try_fold(Self(0), |set, word| {
            let found = Permission::ALL.iter().find(|(_, scope, _)| *scope == word);
            found.map(|(permission, _, _)| Self(set.0 | 1 << permission.0)).ok_or_else(|| word.to_owned())
        })
    }

    /// The scope string, in the documented order.
    pub fn scope(self) -> String {
        let words: Vec<&str> =
            Permission::ALL.iter().filter(|(permission, _, _)| self.contains(*permission)).map(|(_, scope, _)| *scope).collect();
        words.join(" ")
    }
}

/// What somebody is in the company.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Admin,
    Sales,
    Warehouse,
    Finance,
    Viewer,
    Integration,
    Storefront,
}

impl Role {
    pub const ALL: [Role; 7] =
        [Role::Admin, Role::Sales, Role::Warehouse, Role::Finance, Role::Viewer, Role::Integration, Role::Storefront];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Sales => "sales",
            Self::Warehouse => "warehouse",
            Self::Finance => "finance",
            Self::Viewer => "viewer",
            Self::Integration => "integration",
            Self::Storefront => "storefront",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The one table role → scopes.
    pub fn permissions(self) -> Permissions {
        use Permission as P;
        const READ: &[Permission] = &[
            P::ORDERS_READ,
            P::CATALOG_READ,
            P::CUSTOMERS_READ,
            P::INVENTORY_READ,
            P::FULFILLMENT_READ,
            P::INVOICES_READ,
            P::PAYMENTS_READ,
            P::RETURNS_READ,
            P::REPORTS_READ,
            P::EVENTS_READ,
        ];
        let with = |more: &[Permission]| Permissions(Permissions::of(READ).0 | Permissions::of(more).0);
        match self {
            Self::Admin => Permissions::all(),
            Self::Sales => with(&[
                P::ORDERS_WRITE,
                P::ORDERS_PRICE,
                P::CUSTOMERS_WRITE,
                P::RETURNS_WRITE,
                P::CHECKOUT,
                P::ALERTS_READ,
                P::ALERTS_WRITE,
            ]),
            Self::Warehouse => Permissions::of(&[
                P::ORDERS_READ,
                P::CATALOG_READ,
                P::CUSTOMERS_READ,
                P::INVENTORY_READ,
                P::INVENTORY_WRITE,
                P::FULFILLMENT_READ,
                P::FULFILLMENT_WRITE,
                P::RETURNS_READ,
                P::RETURNS_WRITE,
                P::REPORTS_READ,
                P::EVENTS_READ,
                P::ALERTS_READ,
                P::ALERTS_WRITE,
            ]),
            Self::Finance => with(&[
                P::INVOICES_WRITE,
                P::PAYMENTS_WRITE,
                P::PAYMENTS_WRITE_OFF,
                P::RETURNS_WRITE,
                P::CUSTOMERS_WRITE,
                P::ALERTS_READ,
                P::ALERTS_WRITE,
            ]),
            Self::Viewer => with(&[P::CHANNELS_READ, P::ALERTS_READ]),
            Self::Integration => with(&[
                P::ORDERS_WRITE,
                P::ORDERS_PRICE,
                P::CATALOG_WRITE,
                P::CUSTOMERS_WRITE,
                P::INVENTORY_WRITE,
                P::FULFILLMENT_WRITE,
                P::INVOICES_WRITE,
                P::PAYMENTS_WRITE,
                P::RETURNS_WRITE,
                P::CHECKOUT,
                P::IMPORT,
                P::CHANNELS_READ,
                P::WEBHOOKS_READ,
                P::WEBHOOKS_WRITE,
            ]),
            Self::Storefront => Permissions::of(&[P::CHECKOUT]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same table as in docs/access.md, written out by hand so that a slip in one shows.
    #[test]
    fn each_role_has_exactly_its_scopes() {
        let read = "orders:read catalog:read customers:read inventory:read fulfillment:read invoices:read payments:read returns:read reports:read events:read";
        let expect = |role: Role, more: &str| {
            let mut wanted: Vec<&str> = more.split_ascii_whitespace().collect();
            let mut have: Vec<String> = role.permissions().scope().split(' ').map(str::to_owned).collect();
            wanted.sort_unstable();
            have.sort_unstable();
            assert_eq!(have, wanted, "{role:?}");
        };
        let every: Vec<&str> = Permission::ALL.iter().map(|(_, scope, _)| *scope).collect();
        expect(Role::Admin, &every.join(" "));
        expect(Role::Viewer, &format!("{read} channels:read alerts:read"));
        expect(Role::Sales, &format!("{read} orders:write orders:price customers:write returns:write checkout alerts:read alerts:write"));
        expect(
            Role::Finance,
            &format!("{read} invoices:write payments:write payments:write_off returns:write customers:write alerts:read alerts:write"),
        );
        expect(
            Role::Warehouse,
            "orders:read catalog:read customers:read inventory:read inventory:write fulfillment:read fulfillment:write returns:read returns:write reports:read events:read alerts:read alerts:write",
        );
        expect(
            Role::Integration,
            &format!(
                "{read} orders:write orders:price catalog:write customers:write inventory:write fulfillment:write invoices:write payments:write returns:write checkout import channels:read webhooks:read webhooks:write"
            ),
        );
        expect(Role::Storefront, "checkout");
    }

    #[test]
    fn the_table_in_the_docs_is_that_of_the_code() {
        let page = include_str!("../../docs/access.md");
        let cells = |line: &str| -> Vec<String> { line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect() };
        let mut lines = page.lines().skip_while(|line| !line.starts_with("| scope |"));
        let roles: Vec<Role> = cells(lines.next().unwrap())[1..].iter().map(|name| Role::from_name(name).unwrap()).collect();
        let rows: Vec<Vec<String>> = lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect();
        assert_eq!(roles, Role::ALL);
        assert_eq!(rows.len(), Permission::ALL.len());
        for (row, (permission, scope, _)) in rows.iter().zip(Permission::ALL) {
            assert_eq!(row[0], format!("`{scope}`"));
            for (cell, role) in row[1..].iter().zip(&roles) {
                assert_eq!(!cell.is_empty(), role.permissions().contains(*permission), "{role:?} {scope}");
            }
        }
    }

    #[test]
    fn scopes_have_bits_of_their_own() {
        let bits: std::collections::BTreeSet<u8> = Permission::ALL.iter().map(|(permission, _, _)| permission.0).collect();
        assert_eq!(bits.len(), Permission::ALL.len());
        assert_eq!(Permissions::parse("orders:read nonsense"), Err("nonsense".to_owned()));
        let set = Permissions::parse("orders:read checkout").unwrap();
        assert!(set.contains(Permission::CHECKOUT) && !set.contains(Permission::ORDERS_WRITE));
        assert_eq!(Permissions::parse(&set.scope()), Ok(set));
    }
}
