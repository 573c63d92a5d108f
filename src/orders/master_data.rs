//! Master data in memory. Capture prices thousands of orders a second by the same few products, prices and customers; reading
//! them from the database for each batch would cost a third of its time.
//!
//! What is in memory holds for the epochs that it was read under. Each batch reads the epochs anew, in the statement that reads its
//! stock, and forgets what has changed: a price that was committed before a batch began is never missed, in any process. What is
//! absent is not remembered.

use super::body::NewOrder;
use super::order::{OnShortage, Order};
use super::reference::{Company, Customer, Item, PriceList, Product, Reference};
use super::store::reference::{Buyer, Epochs, Keys, MasterData, Question, company, look, master_data, prices};
use crate::auth::actor::Context;
use crate::catalog::DEFAULT_LIST;
use crate::catalog::coupons::service::{self as coupons, KnownCoupons};
use crate::catalog::prices::body::Price;
use crate::catalog::product_kind::ProductKind;
use crate::customers::balance::Credit;
use crate::error::Error;
use crate::types::id::{CustomerId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries of one kind beyond which that kind is forgotten, so that memory stays bounded.
const LARGEST: usize = 50_000;
/// Entries of all organizations beyond which everything is forgotten as the next organization comes in.
const LARGEST_IN_ALL: usize = 200_000;

/// What this process remembers of the master data of all organizations.
#[derive(Default)]
pub struct MasterDataCache {
    organizations: Mutex<HashMap<OrganizationId, Remembered>>,
}

#[derive(Default)]
struct Remembered {
    epochs: Epochs,
    company: Option<Arc<Company>>,
    /// By SKU.
    items: HashMap<String, Item>,
    /// How many price lists lie in `items`, those that were found empty too.
    lists: usize,
    customers: HashMap<CustomerId, Arc<Customer>>,
    codes: HashMap<String, CustomerId>,
    credit: HashMap<CustomerId, Credit>,
}

/// What is to be known of one batch besides master data.
pub struct Gathered {
    pub reference: Reference,
    /// For each order, whether somebody holds one of the claims that were asked about.
    pub held: Vec<bool>,
}

/// An order with those of its claims that shall be looked up beforehand.
pub struct Asked<'a> {
    pub body: &'a NewOrder,
    /// (kind, key)
    pub claims: Vec<(&'a str, &'a str)>,
}

/// A batch that runs into changes of master data again and again is decided by what it read last.
const ROUNDS: u32 = 4;

/// Everything that a batch is decided by: one statement, and up to three more for what is not in memory. Takes no lock.
pub fn gather(connection: &mut PgConnection, cache: &MasterDataCache, context: &Context, batch: &[Asked<'_>]) -> Result<Gathered, Error> {
    let organization_id = context.organization_id;
    let mut round = 1;
    loop {
        let (mut reference, epochs) = recall(connection, cache, organization_id, batch)?;
        let (question, owners) = question(batch, &reference, context.now);
        let seen = look(connection, organization_id, &question, context.now)?;
        if seen.epochs != epochs {
            cache.forget(organization_id, epochs, seen.epochs);
            if round < ROUNDS {
                round += 1;
                continue;
            }
        }
        reference.stock = seen.stock;
        reference.waiting = seen.waiting;
        reference.supply = seen.supply;
        reference.same_purchase_orders = seen.same_purchase_orders;
        reference.recent_orders = seen.recent_orders;
        reference.coupons = coupons(connection, organization_id, batch, &reference)?;
        let mut held = vec![false; batch.len()];
        for place in seen.held {
            held[owners[place]] = true;
        }
        return Ok(Gathered { reference, held });
    }
}

/// What one order that is there already is decided by, read anew and not remembered; without stock, which is decided under locks.
/// `added` are SKUs that it shall have besides its own, `purchase_order_number` the number that it is compared by with others.
pub fn gather_for(
    connection: &mut PgConnection,
    context: &Context,
    order: &Order,
    added: &[&str],
    purchase_order_number: Option<&str>,
) -> Result<Reference, Error> {
    let organization_id = context.organization_id;
    let mut reference = Reference::of(Arc::new(company_of(connection, organization_id)?));
    let skus: BTreeSet<&str> = order.lines.iter().map(|line| line.sku.as_str()).chain(added.iter().copied()).collect();
    let customers = BTreeSet::from([order.customer_id, order.bill_to_customer_id]);
    let keys =
        Keys { skus: skus.iter().map(|sku| (*sku).to_owned()).collect(), customer_ids: customers.into_iter().collect(), ..Keys::default() };
    reference.add(master_data(connection, organization_id, &keys)?, |_, _, _| {});
    let own = reference.customer(order.customer_id).and_then(|customer| customer.price_list.clone()).filter(|list| list != DEFAULT_LIST);
    let wanted: Vec<(String, String)> = skus.iter().flat_map(|sku| own.iter().map(|list| ((*sku).to_owned(), list.clone()))).collect();
    reference.add_prices(&read_prices(connection, organization_id, wanted)?);
    let number = purchase_order_number.filter(|number| !number.trim().is_empty());
    let email = reference.customer(order.customer_id).and_then(|customer| customer.email.as_ref()).or(order.document.email.as_ref());
    let buyer = email.map(|email| Buyer { customer_id: order.customer_id, email: email.to_lowercase(), channel: &order.channel });
    let question = Question {
        purchase_orders: number.map(|number| (order.customer_id, number)).into_iter().collect(),
        buyers: buyer.into_iter().collect(),
        ..Question::default()
    };
    let seen = look(connection, organization_id, &question, context.now)?;
    (reference.same_purchase_orders, reference.recent_orders) = (seen.same_purchase_orders, seen.recent_orders);
    Ok(reference)
}

/// What all orders of the organization share, read now.
pub fn company_of(connection: &mut PgConnection, organization_id: OrganizationId) -> Result<Company, Error> {
    let (company, _) = company(connection, organization_id)?.ok_or_else(|| Error::internal("an order without its organization"))?;
    Ok(company)
}

/// What an edit of a locked order has to know of coupons; nothing is read where neither the order nor the edit names one.
pub fn coupons_for(
    connection: &mut PgConnection,
    context: &Context,
    order: &Order,
    codes: Option<&[String]>,
) -> Result<KnownCoupons, Error> {
    let codes = codes.unwrap_or_default();
    if order.document.coupon_codes.is_empty() && codes.is_empty() {
        return Ok(KnownCoupons::default());
    }
    coupons::look_for_order(connection, context.organization_id, (order.id, order.customer_id), codes)
}

/// What is known of the coupons that a batch names; nothing is read where it names none. They are not remembered, since their uses move
/// with the orders.
fn coupons(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    batch: &[Asked<'_>],
    reference: &Reference,
) -> Result<KnownCoupons, Error> {
    let mut wanted: Vec<(&str, Option<CustomerId>)> = vec![];
    for body in batch.iter().map(|asked| asked.body).filter(|body| !body.coupon_codes.is_empty()) {
        let customer = buyer(body, reference).map(|customer| customer.id);
        wanted.extend(body.coupon_codes.iter().map(|code| (code.as_str(), customer)));
    }
    if wanted.is_empty() {
        return Ok(KnownCoupons::default());
    }
    coupons::look(connection, organization_id, &wanted)
}

/// What to ask for a batch, and which order each claim belongs to.
fn question<'a>(batch: &[Asked<'a>], reference: &'a Reference, now: DateTime<Utc>) -> (Question<'a>, Vec<usize>) {
    let mut question = Question { today: reference.company.local_date(now), ..Question::default() };
    let mut owners = vec![];
    for (i, asked) in batch.iter().enumerate() {
        question.claims.extend(&asked.claims);
        owners.resize(question.claims.len(), i);
        let Some(customer) = buyer(asked.body, reference) else { continue };
        if let Some(number) = asked.body.purchase_order_number.as_deref().filter(|number| !number.trim().is_empty()) {
            question.purchase_orders.push((customer.id, number));
        }
        let channel = asked.body.channel.as_deref().unwrap_or("direct");
        if let Some(email) = customer.email.as_ref().filter(|_| reference.company.has_channel_besides(channel)) {
            question.buyers.push(Buyer { customer_id: customer.id, email: email.to_lowercase(), channel });
        }
    }
    question.buyers.sort_unstable();
    question.buyers.dedup();
    question.skus = skus(batch);
    question.wanted = wanted_as_backorders(batch, reference);
    (question, owners)
}

/// How much a batch wants of each product that may be backordered, in base units: by all of its orders, since those that refuse
/// shortages take stock from the others.
fn wanted_as_backorders<'a>(batch: &[Asked<'a>], reference: &Reference) -> Vec<(&'a str, Decimal)> {
    let backorders = |body: &NewOrder| body.on_shortage == Some(OnShortage::Backorder) && !body.draft;
    if !batch.iter().any(|asked| backorders(asked.body)) {
        return vec![];
    }
    let mut wanted: HashMap<&str, (Decimal, bool)> = HashMap::new();
    for body in batch.iter().map(|asked| asked.body) {
        for line in &body.lines {
            let Some(product) = reference.product(&line.sku).filter(|product| product.kind == ProductKind::Stocked) else { continue };
            let Some((_, factor)) = product.unit(line.unit.as_deref()) else { continue };
            let sum = wanted.entry(&line.sku).or_default();
            sum.0 += line.quantity.0 * factor;
            sum.1 |= backorders(body);
        }
    }
    wanted.into_iter().filter(|(_, (_, backordered))| *backordered).map(|(sku, (quantity, _))| (sku, quantity)).collect()
}

fn buyer<'a>(body: &NewOrder, reference: &'a Reference) -> Option<&'a Customer> {
    match (&body.customer, body.customer_id, &body.customer_code) {
        (Some(inline), _, _) => reference.customer_by_email(inline.email.as_deref()?),
        (None, Some(id), _) => reference.customer(id),
        (None, None, code) => reference.customer_by_code(code.as_deref()?),
    }
}

/// The master data of a batch, from memory as far as it is there, with the epochs that it holds for.
fn recall(
    connection: &mut PgConnection,
    cache: &MasterDataCache,
    organization_id: OrganizationId,
    batch: &[Asked<'_>],
) -> Result<(Reference, Epochs), Error> {
    let known = cache.lock().get(&organization_id).and_then(|own| own.company.clone().map(|company| (company, own.epochs)));
    let (company, epochs) = match known {
        Some(known) => known,
        None => {
            let read = company(connection, organization_id)?;
            let (company, epochs) =
                read.ok_or_else(|| Error::Unauthenticated { detail: "the token's organization does not exist here".to_owned() })?;
            let company = Arc::new(company);
            let mut organizations = cache.lock();
            if organizations.values().map(Remembered::size).sum::<usize>() > LARGEST_IN_ALL {
                organizations.clear();
            }
            organizations.entry(organization_id).or_default().start(company.clone(), epochs);
            (company, epochs)
        }
    };
    let mut reference = Reference::of(company);
    let keys = cache.with(organization_id, epochs, |own| own.recall_keyed(batch, &mut reference));
    if !keys.is_empty() {
        let read = master_data(connection, organization_id, &keys)?;
        reference.add(read, |items, customers, credit| {
            cache.with(organization_id, epochs, |own| own.remember(items, customers, credit));
        });
    }
    let pairs = missing_prices(batch, &reference);
    if !pairs.is_empty() {
        let found = read_prices(connection, organization_id, pairs)?;
        reference.add_prices(&found);
        cache.with(organization_id, epochs, |own| own.remember_prices(&found));
    }
    Ok((reference, epochs))
}

/// The prices of (SKU, price list) pairs; also that there are none.
fn read_prices(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    pairs: Vec<(String, String)>,
) -> Result<Vec<(String, Arc<PriceList>)>, Error> {
    let read = prices(connection, organization_id, &pairs)?;
    let mut found: HashMap<(String, String), Vec<Price>> = pairs.into_iter().map(|pair| (pair, vec![])).collect();
    for price in read {
        found.entry((price.sku.clone(), price.price_list.clone())).or_default().push(price);
    }
    Ok(found.into_iter().map(|((sku, list), prices)| (sku, Arc::new(PriceList { list, prices }))).collect())
}

impl MasterDataCache {
    fn lock(&self) -> MutexGuard<'_, HashMap<OrganizationId, Remembered>> {
        // Every change of the map is whole in itself.
        self.organizations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on what is remembered under these epochs. Where the memory has moved on meanwhile it works on an empty one.
    fn with<T>(&self, organization_id: OrganizationId, epochs: Epochs, work: impl FnOnce(&mut Remembered) -> T) -> T {
        let mut organizations = self.lock();
        match organizations.get_mut(&organization_id).filter(|own| own.epochs == epochs) {
            Some(own) => work(own),
            None => {
                drop(organizations);
                work(&mut Remembered::default())
            }
        }
    }

    /// Forgets what has changed between the two, unless somebody else has.
    fn forget(&self, organization_id: OrganizationId, before: Epochs, now: Epochs) {
        self.with(organization_id, before, |own| {
            if before.company != now.company {
                own.company = None;
            }
            if before.products != now.products {
                own.items.clear();
                own.lists = 0;
            }
            if before.prices != now.prices {
                own.forget_prices();
            }
            if before.customers != now.customers {
                own.customers.clear();
                own.codes.clear();
                own.credit.clear();
            }
            own.epochs = now;
        });
    }

    /// Notes what customers can still order: seen under locks, it spares the next orders a try that must fail.
    pub fn note_credit(&self, organization_id: OrganizationId, credit: impl Iterator<Item = (CustomerId, Credit)>) {
        if let Some(own) = self.lock().get_mut(&organization_id) {
            for (customer_id, credit) in credit {
                if let Some(noted) = own.credit.get_mut(&customer_id) {
                    *noted = credit;
                }
            }
        }
    }
}

impl Remembered {
    fn size(&self) -> usize {
        self.items.len() + self.customers.len() + self.lists
    }

    fn start(&mut self, company: Arc<Company>, epochs: Epochs) {
        if self.epochs != epochs {
            *self = Self { epochs, ..Self::default() };
        }
        self.company = Some(company);
    }

    /// Puts what is remembered of products and customers into `reference` and returns the keys of the rest.
    fn recall_keyed(&self, batch: &[Asked<'_>], reference: &mut Reference) -> Keys {
        let mut keys = Keys::default();
        for sku in skus(batch) {
            match self.items.get(sku) {
                Some(item) => reference.items.push(item.clone()),
                None => keys.skus.push(sku.to_owned()),
            }
        }
        for body in batch.iter().map(|asked| asked.body) {
            for id in body.customer_id.iter().chain(&body.bill_to_customer_id) {
                self.recall_customer(*id, reference, &mut keys);
            }
            if let Some(code) = &body.customer_code {
                match self.codes.get(code) {
                    Some(id) => {
                        reference.codes.insert(code.clone(), *id);
                        self.recall_customer(*id, reference, &mut keys);
                    }
                    None => keys.customer_codes.push(code.clone()),
                }
            }
            // A guest may have become known since: addresses are not remembered.
            keys.emails.extend(body.customer.iter().filter_map(|customer| customer.email.as_ref()).map(|email| email.to_lowercase()));
        }
        for texts in [&mut keys.customer_codes, &mut keys.emails] {
            texts.sort();
            texts.dedup();
        }
        keys
    }

    /// With the customer that pays for it.
    fn recall_customer(&self, id: CustomerId, reference: &mut Reference, keys: &mut Keys) {
        if reference.customers.contains_key(&id) {
            return;
        }
        let Some(customer) = self.customers.get(&id) else {
            keys.customer_ids.push(id);
            return;
        };
        reference.customers.insert(id, customer.clone());
        if let Some(credit) = self.credit.get(&id) {
            reference.credit.insert(id, credit.clone());
        }
        if let Some(bill_to) = customer.bill_to_customer_id {
            self.recall_customer(bill_to, reference, keys);
        }
    }

    fn remember(&mut self, items: &[Item], customers: &[Arc<Customer>], credit: &[(CustomerId, Credit)]) {
        if self.items.len() + items.len() > LARGEST {
            self.items.clear();
            self.lists = 0;
        }
        if self.customers.len() + customers.len() > LARGEST {
            self.customers.clear();
            self.codes.clear();
            self.credit.clear();
        }
        for item in items {
            self.lists += item.lists.len();
            if let Some(other) = self.items.insert(item.product.sku.clone(), item.clone()) {
                self.lists -= other.lists.len();
            }
        }
        self.codes.extend(customers.iter().filter_map(|customer| Some((customer.code.clone()?, customer.id))));
        self.customers.extend(customers.iter().map(|customer| (customer.id, customer.clone())));
        self.credit.extend(credit.iter().cloned());
    }

    fn remember_prices(&mut self, found: &[(String, Arc<PriceList>)]) {
        // A company may keep a list for each of its customers.
        if self.lists + found.len() > LARGEST {
            self.forget_prices();
        }
        for (sku, list) in found {
            if let Some(item) = self.items.get_mut(sku).filter(|item| item.list(&list.list).is_none()) {
                item.lists.push(list.clone());
                self.lists += 1;
            }
        }
    }

    fn forget_prices(&mut self) {
        self.items.values_mut().for_each(|item| item.lists.clear());
        self.lists = 0;
    }
}

/// The SKUs of a batch, sorted.
fn skus<'a>(batch: &[Asked<'a>]) -> Vec<&'a str> {
    let mut skus: Vec<&str> = batch.iter().flat_map(|asked| &asked.body.lines).map(|line| line.sku.as_str()).collect();
    skus.sort_unstable();
    skus.dedup();
    skus
}

/// The (SKU, price list) pairs that a batch needs and `reference` lacks.
fn missing_prices(batch: &[Asked<'_>], reference: &Reference) -> Vec<(String, String)> {
    let mut missing = BTreeSet::new();
    for body in batch.iter().map(|asked| asked.body) {
        let own = buyer(body, reference).and_then(|customer| customer.price_list.as_deref());
        for item in body.lines.iter().filter_map(|line| reference.item(&line.sku)) {
            for list in std::iter::once(DEFAULT_LIST).chain(own).filter(|list| item.list(list).is_none()) {
                missing.insert((item.product.sku.clone(), list.to_owned()));
            }
        }
    }
    missing.into_iter().collect()
}

impl Reference {
    /// Nothing but what all orders share.
    pub(super) fn of(company: Arc<Company>) -> Self {
        Self {
            company,
            items: vec![],
            customers: HashMap::new(),
            codes: HashMap::new(),
            emails: HashMap::new(),
            credit: HashMap::new(),
            stock: vec![],
            supply: vec![],
            waiting: vec![],
            same_purchase_orders: vec![],
            noted: 0,
            recent_orders: vec![],
            coupons: KnownCoupons::default(),
        }
    }

    /// Adds what has been read, and shows it to `remember`.
    fn add(&mut self, read: MasterData, remember: impl FnOnce(&[Item], &[Arc<Customer>], &[(CustomerId, Credit)])) {
        let mut prices: HashMap<String, Vec<Price>> = HashMap::new();
        for price in read.prices {
            prices.entry(price.sku.clone()).or_default().push(price);
        }
        let item = |product: Product| {
            let prices = prices.remove(&product.sku).unwrap_or_default();
            Item { lists: vec![Arc::new(PriceList { list: DEFAULT_LIST.to_owned(), prices })], product: Arc::new(product) }
        };
        let items: Vec<Item> = read.products.into_iter().map(item).collect();
        let customers: Vec<Arc<Customer>> = read.customers.into_iter().map(Arc::new).collect();
        remember(&items, &customers, &read.credit);
        self.items.extend(items);
        self.items.sort_unstable_by(|a, b| a.product.sku.cmp(&b.product.sku));
        self.codes.extend(customers.iter().filter_map(|customer| Some((customer.code.clone()?, customer.id))));
        self.customers.extend(customers.into_iter().map(|customer| (customer.id, customer)));
        self.emails.extend(read.emails);
        self.credit.extend(read.credit);
    }

    fn add_prices(&mut self, found: &[(String, Arc<PriceList>)]) {
        for (sku, list) in found {
            if let Ok(place) = self.items.binary_search_by(|item| item.product.sku.cmp(sku)) {
                self.items[place].lists.push(list.clone());
            }
        }
    }
}
