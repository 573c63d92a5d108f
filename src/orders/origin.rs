//! Goods that are to leave from another country than the organization's. An order is taxed as a sale from the organization's country,
//! before it is known which location ships. Where a sale from the location's country would be taxed otherwise, the order is held for a
//! person: to move the work to another location, or to let it pass.

use super::hold::{Hold, HoldCode};
use super::order::{Order, OrderLine};
use super::pricing::Pricing;
use super::reference::Company;
use super::tax_treatment::{REASONS, Sale, Supply, TaxedBuyer, Treatment, treatment};
use crate::auth::actor::{Context, is_system};
use crate::organization::profile::body::TaxTreatment;
use crate::types::tax_id;
use serde_json::{Value, json};

/// Holds an order whose goods are to leave from where they would be taxed otherwise, and releases one that no longer is so. What a person
/// has let pass from a location stays let pass.
pub fn settle(order: &mut Order, company: &Company, context: &Context) {
    let organization = &company.organization;
    let decided_here = organization.tax_treatment == TaxTreatment::Automatic && tax_id::is_member_state(&organization.country);
    if !decided_here || order.document.pricing == Pricing::AsGiven || order.detail.historical {
        return;
    }
    let differs = differing(order, company);
    if differs.is_empty() {
        for hold in order.holds.iter_mut().filter(|hold| hold.code == HoldCode::PlaceOfSupply && hold.released_at.is_none()) {
            hold.release("system", "nothing of it leaves from there any more", context.now);
        }
        return;
    }
    let stands = |hold: &&Hold| hold.released_at.is_none() || !hold.released_by.as_deref().is_some_and(is_system);
    let noted = order.holds.iter().filter(|hold| hold.code == HoldCode::PlaceOfSupply).filter(stands);
    let noted: Vec<&str> =
        noted.flat_map(|hold| hold.data["locations"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect();
    let fresh: Vec<&Origin> = differs.iter().filter(|origin| !noted.contains(&origin.location.as_str())).collect();
    let Some(first) = fresh.first() else { return };
    let detail = format!(
        "{} lies in {}: goods that leave from there are taxed otherwise than from {}; move the fulfillment order, or release this if the \
         order's taxes are right",
        first.location, first.country, organization.country
    );
    let data = json!({
        "locations": fresh.iter().map(|origin| &origin.location).collect::<Vec<_>>(),
        "countries": fresh.iter().map(|origin| &origin.country).collect::<Vec<_>>(),
        "seller_country": organization.country,
    });
    order.holds.push(Hold::raise(HoldCode::PlaceOfSupply, None, detail, data, &context.actor, context.now));
}

/// A location and its country.
struct Origin {
    location: String,
    country: String,
}

/// The locations that goods of the order are still to leave from, whose country would tax some of them otherwise.
fn differing(order: &Order, company: &Company) -> Vec<Origin> {
    let mut origins: Vec<Origin> = vec![];
    for fulfillment_order in order.fulfillment_orders.iter().filter(|f| f.is_live()) {
        let location = company.locations.iter().find(|location| location.code == fulfillment_order.location);
        let Some(country) = location.and_then(|location| location.country.as_deref()) else { continue };
        if country == company.organization.country || origins.iter().any(|origin| origin.location == fulfillment_order.location) {
            continue;
        }
        let open = fulfillment_order.lines.iter().filter(|line| !line.open().is_zero());
        let lines = open.filter_map(|open| order.lines.iter().find(|line| line.line_number == open.line_number));
        if lines.into_iter().any(|line| is_taxed_otherwise(order, line, company, country)) {
            origins.push(Origin { location: fulfillment_order.location.clone(), country: country.to_owned() });
        }
    }
    origins
}

/// Whether a sale of the line's goods from this country would be untaxed where the line is taxed, the reverse, or untaxed for another
/// reason. Where both are taxed, it is by the rates of the country that the order ships to.
fn is_taxed_otherwise(order: &Order, line: &OrderLine, company: &Company, from: &str) -> bool {
    if line.tax_category == "exempt" {
        return false;
    }
    let organization = &company.organization;
    let to = order.document.shipping_address.as_ref().map_or(organization.country.as_str(), |address| address.country.code());
    let buyer = TaxedBuyer { vat_state: order.document.buyer_vat_state.as_deref(), ..TaxedBuyer::default() };
    let sale =
        Sale { policy: organization.tax_treatment, seller_country: from, ship_to_country: to, has_rates: company.has_rates(to), buyer };
    match treatment(&sale, Supply::Goods) {
        Treatment::Rates => REASONS.contains(&line.tax_category.as_str()),
        Treatment::Untaxed(rule) => rule.tax_category != line.tax_category,
    }
}
