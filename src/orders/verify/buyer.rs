//! Who buys, who pays, and where to.

use crate::customers::address_book::{AddressUse, CustomerAddress};
use crate::customers::guests::NewGuest;
use crate::orders::body::NewOrder;
use crate::orders::order::CustomerSnapshot;
use crate::orders::reference::{Customer, Reference};
use crate::orders::tax_treatment::TaxedBuyer;
use crate::types::address::Address;
use crate::types::currency::Currency;
use crate::types::fault::Faults;
use crate::types::id::CustomerId;

pub(super) enum Buyer<'a> {
    Known {
        customer: &'a Customer,
        bill_to: &'a Customer,
        /// Recognized by e-mail alone: history, never terms, credit, prices or addresses.
        by_email_only: bool,
        /// The guest who pays, where that is not `bill_to`: what a guest orders is not the account's to pay, and does not use its
        /// credit.
        payer: Option<NewGuest>,
    },
    Guest(NewGuest),
}

impl Buyer<'_> {
    pub(super) fn currency(&self) -> Option<Currency> {
        match self {
            Self::Known { customer, by_email_only: false, .. } => customer.currency,
            Self::Known { .. } | Self::Guest(_) => None,
        }
    }

    /// The customer whose terms, prices and addresses count.
    pub(super) fn trusted(&self) -> Option<&Customer> {
        match self {
            Self::Known { customer, by_email_only: false, .. } => Some(customer),
            Self::Known { .. } | Self::Guest(_) => None,
        }
    }

    /// Who pays, where that is somebody else whose terms and addresses count.
    pub(super) fn other_payer(&self) -> Option<&Customer> {
        match self {
            Self::Known { customer, bill_to, by_email_only: false, .. } if bill_to.id != customer.id => Some(bill_to),
            Self::Known { .. } | Self::Guest(_) => None,
        }
    }

    /// What of the one who pays counts for tax; nobody who was recognized by an e-mail address has any of it.
    pub(super) fn taxed(&self) -> TaxedBuyer<'_> {
        match self {
            Self::Known { bill_to, by_email_only: false, .. } => bill_to.taxed(),
            Self::Known { .. } | Self::Guest(_) => TaxedBuyer::default(),
        }
    }

    pub(super) fn snapshots(&self) -> (CustomerSnapshot, CustomerSnapshot) {
        let of_guest = |guest: &NewGuest| CustomerSnapshot { id: guest.id, code: None, name: guest.name.clone() };
        let of = |customer: &Customer| CustomerSnapshot { id: customer.id, code: customer.code.clone(), name: customer.name.clone() };
        match self {
            Self::Known { customer, payer: Some(payer), .. } => (of(customer), of_guest(payer)),
            Self::Known { customer, bill_to, payer: None, .. } => (of(customer), of(bill_to)),
            Self::Guest(guest) => (of_guest(guest), of_guest(guest)),
        }
    }

    pub(super) fn email(&self) -> Option<&str> {
        match self {
            Self::Known { customer, .. } => customer.email.as_deref(),
            Self::Guest(guest) => guest.email.as_deref(),
        }
    }
}

pub(super) fn buyer<'a>(body: &NewOrder, reference: &'a Reference, guest_id: CustomerId, faults: &mut Faults) -> Option<Buyer<'a>> {
    let mut payer = None;
    let (customer, by_email_only, pointer) = if let Some(inline) = &body.customer {
        let guest = NewGuest {
            id: guest_id,
            name: inline.name.clone(),
            email: inline.email.clone(),
            phone: inline.phone.clone(),
            currency: reference.company.organization.base_currency,
        };
        match inline.email.as_deref().and_then(|email| reference.customer_by_email(email)) {
            Some(customer) => {
                payer = Some(guest).filter(|_| !customer.guest && body.bill_to_customer_id.is_none());
                (Some(customer), true, "/customer")
            }
            None => return Some(Buyer::Guest(guest)),
        }
    } else if let Some(id) = body.customer_id {
        (reference.customer(id), false, "/customer_id")
    } else {
        (body.customer_code.as_deref().and_then(|code| reference.customer_by_code(code)), false, "/customer_code")
    };
    let Some(customer) = customer else {
        faults.add(pointer, "unknown_customer", "no customer with this id or code");
        return None;
    };
    let bill_to_id = body.bill_to_customer_id.or(customer.bill_to_customer_id.filter(|_| !by_email_only));
    let bill_to = match bill_to_id {
        None => customer,
        Some(id) => match reference.customer(id) {
            Some(bill_to) => bill_to,
            None => {
                faults.add("/bill_to_customer_id", "unknown_customer", "no customer with this id");
                return None;
            }
        },
    };
    Some(Buyer::Known { customer, bill_to, by_email_only, payer })
}

/// Code of the terms and whether they are prepayment: those of the one who pays.
pub(super) fn payment_terms(body: &NewOrder, reference: &Reference, buyer: &Buyer, faults: &mut Faults) -> (String, bool) {
    let payer = buyer.other_payer().or(buyer.trusted());
    let code = body.payment_terms.as_deref().or(payer.map(|payer| payer.payment_terms.as_str())).unwrap_or("due_on_receipt");
    let terms = reference.company.payment_term(code);
    if terms.is_none() {
        faults.add("/payment_terms", "unknown_payment_terms", "no payment terms with this code");
    }
    (code.to_owned(), terms.is_some_and(|terms| terms.prepayment))
}

pub(super) struct Addresses {
    pub shipping: Option<Address>,
    pub billing: Option<Address>,
}

/// Where a customer is shipped to, or billed, by default.
fn default_address(customer: &Customer, purpose: AddressUse) -> Option<Address> {
    let coded = || customer.addresses.iter().find(|address| address.r#use == purpose).map(CustomerAddress::to_address);
    let first = match purpose {
        AddressUse::Billing => &customer.billing_address,
        AddressUse::Shipping => &customer.shipping_address,
    };
    first.clone().or_else(coded)
}

/// Name and address of an invoice are of one company: somebody else who pays is billed at an address of his own, or at none.
pub(super) fn addresses(body: &NewOrder, buyer: &Buyer, faults: &mut Faults) -> Addresses {
    let customer = buyer.trusted();
    let default = |customer: Option<&Customer>, purpose| customer.and_then(|customer| default_address(customer, purpose));
    let mut shipping = body.shipping_address.clone();
    if let Some(code) = &body.ship_to_address_code {
        shipping = customer.and_then(|c| c.addresses.iter().find(|address| &address.code == code)).map(CustomerAddress::to_address);
        faults.require(shipping.is_some(), "/ship_to_address_code", "unknown_address", "the customer has no address with this code");
    }
    let shipping = shipping
        .or_else(|| default(customer, AddressUse::Shipping))
        .or_else(|| body.billing_address.clone())
        .or_else(|| default(customer, AddressUse::Billing));
    let billing = body.billing_address.clone().or_else(|| match buyer.other_payer() {
        Some(payer) => default(Some(payer), AddressUse::Billing).or_else(|| default(Some(payer), AddressUse::Shipping)),
        None => default(customer, AddressUse::Billing).or_else(|| shipping.clone()),
    });
    Addresses { shipping, billing }
}
