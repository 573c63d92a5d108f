//! The keys in memory, so that a checkout's question costs no look at the database for its key.

use super::body::PublishableKey;
use crate::types::id::OrganizationId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, RwLock};

/// A key with whose it is.
#[derive(Clone, Debug)]
pub struct Holder {
    pub organization_id: OrganizationId,
    pub key: PublishableKey,
}

/// Active keys by their text. A job brings it up to date every few seconds; a key that is not known yet is looked up.
#[derive(Default)]
pub struct Registry {
    keys: RwLock<HashMap<String, Arc<Holder>>>,
    origins: RwLock<HashSet<String>>,
}

impl Registry {
    pub fn find(&self, key: &str) -> Option<Arc<Holder>> {
        self.keys.read().ok()?.get(key).cloned()
    }

    /// Whether a page of this origin may ask: a browser's first question does not tell the key.
    pub fn allows(&self, origin: &[u8]) -> bool {
        let Ok(origin) = std::str::from_utf8(origin) else { return false };
        self.origins.read().is_ok_and(|origins| origins.contains(origin))
    }

    /// Adds a key, or what has changed of it.
    pub fn put(&self, holder: Holder) -> Arc<Holder> {
        let holder = Arc::new(holder);
        if let (Ok(mut keys), Ok(mut origins)) = (self.keys.write(), self.origins.write()) {
            origins.extend(holder.key.origins.iter().cloned());
            keys.insert(holder.key.key.clone(), holder.clone());
        }
        holder
    }

    pub fn forget(&self, key: &str) {
        if let Ok(mut keys) = self.keys.write() {
            keys.remove(key);
        }
    }

    /// All active keys, as the database has them.
    pub fn replace(&self, holders: Vec<Holder>) {
        if let (Ok(mut keys), Ok(mut origins)) = (self.keys.write(), self.origins.write()) {
            *origins = holders.iter().flat_map(|holder| holder.key.origins.iter().cloned()).collect();
            *keys = holders.into_iter().map(|holder| (holder.key.key.clone(), Arc::new(holder))).collect();
        }
    }
}
