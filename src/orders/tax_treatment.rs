//! Whether a sale is taxed by the rates of where it goes, or not taxed because of who buys or where to. A default for goods and services
//! sold at a distance, as docs/pricing.md lays out; an organization that knows better sets `tax_treatment` to `rates_only` and says
//! everything by its tax rates.
//!
//! Rules, in this order:
//! 1. the buyer is exempt (`tax_exemption`): category `E` with his code and reason;
//! 2. `rates_only`, a seller outside the EU, or a sale within the seller's country: the rates;
//! 3. to another member state, to a buyer with the VAT number of a member state other than the seller's: goods `K` (Directive
//!    2006/112/EC art. 138), services `AE` (art. 44 and 196);
//! 4. to another member state, to anybody else: the rates of that state (art. 33 and 58, One Stop Shop);
//! 5. goods out of the EU, to a country that the organization has no rates for: `G` (art. 146); with rates it is registered there, and
//!    they hold.
//!
//! Goods go where the order ships to. Where a service goes, says [`service_place`].

use super::tax::TaxRule;
use crate::catalog::product_kind::ProductKind;
use crate::customers::body::TaxExemption;
use crate::organization::profile::body::TaxTreatment;
use crate::types::base_fraction::BaseFraction;
use crate::types::tax_id;
use rust_decimal::Decimal;

/// What is sold, for tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    Goods,
    Service,
}

impl Supply {
    /// A charge goes with the goods of its order, and is a service where there are none.
    pub fn of(kind: ProductKind, order_has_goods: bool) -> Self {
        match kind {
            ProductKind::Stocked => Self::Goods,
            ProductKind::Service => Self::Service,
            ProductKind::Charge => Self::incidental(order_has_goods),
        }
    }

    /// Shipping and charges.
    pub fn incidental(order_has_goods: bool) -> Self {
        if order_has_goods { Self::Goods } else { Self::Service }
    }
}

/// Who pays, for tax.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaxedBuyer<'a> {
    pub exemption: Option<&'a TaxExemption>,
    /// The member state whose valid VAT number the buyer has (`XI`: Northern Ireland).
    pub vat_state: Option<&'a str>,
    /// A company in the books, whatever its number.
    pub is_company: bool,
}

/// Where from, where to, by what policy. Countries are ISO 3166-1 alpha-2.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    pub policy: TaxTreatment,
    pub seller_country: &'a str,
    pub ship_to_country: &'a str,
    /// Whether the organization has any tax rate for that country.
    pub has_rates: bool,
    pub buyer: TaxedBuyer<'a>,
}

/// How a supply is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// By the rates of the ship-to country.
    Rates,
    /// Not taxed, for this reason.
    Untaxed(TaxRule),
}

/// The code (VATEX) and the words of each reason that the law gives (EN 16931 BT-121, BT-120).
const INTRA_COMMUNITY: (&str, &str) = ("VATEX-EU-IC", "Intra-Community supply, exempt under Article 138 of Directive 2006/112/EC");
const REVERSE_CHARGE: (&str, &str) = ("VATEX-EU-AE", "Reverse charge, the recipient is liable under Article 196 of Directive 2006/112/EC");
const EXPORT: (&str, &str) = ("VATEX-EU-G", "Export, exempt under Article 146 of Directive 2006/112/EC");
const NOT_SUBJECT: (&str, &str) = ("VATEX-EU-O", "Not subject to VAT");

/// The categories that lines have by a reason, not by their product.
pub const REASONS: [&str; 4] = ["exempt", "intra_community", "reverse_charge", "export"];

/// Decides for one supply.
pub fn treatment(sale: &Sale<'_>, supply: Supply) -> Treatment {
    if let Some(exemption) = sale.buyer.exemption {
        return untaxed("exempt", "E", Some(exemption.code.clone()), exemption.reason.clone());
    }
    let (from, to) = (sale.seller_country, sale.ship_to_country);
    if sale.policy == TaxTreatment::RatesOnly || !tax_id::is_member_state(from) || from == to {
        return Treatment::Rates;
    }
    let by_law = |category: &str, scheme: &str, (code, reason): (&str, &str)| untaxed(category, scheme, Some(code.into()), reason.into());
    if tax_id::is_member_state(to) {
        let registered_elsewhere = sale.buyer.vat_state.is_some_and(|state| state != from);
        return match supply {
            Supply::Goods if registered_elsewhere => by_law("intra_community", "K", INTRA_COMMUNITY),
            Supply::Service if registered_elsewhere => by_law("reverse_charge", "AE", REVERSE_CHARGE),
            Supply::Goods | Supply::Service => Treatment::Rates,
        };
    }
    match supply {
        Supply::Goods if !sale.has_rates => by_law("export", "G", EXPORT),
        Supply::Goods | Supply::Service => Treatment::Rates,
    }
}

/// The country that a service of a seller in the EU is taxed in, where that is not the one that the order ships to. A business has it
/// where it is established (Directive 2006/112/EC art. 44): a valid VAT number says so for a member state, the billing address for a
/// company elsewhere, which need not prove anything (Implementing Regulation 282/2011 art. 18(3)). Anybody else has it where the order
/// ships to, as services at a distance (art. 58).
pub fn service_place<'a>(
    policy: TaxTreatment,
    seller_country: &str,
    buyer: &TaxedBuyer<'a>,
    billing_country: Option<&'a str>,
) -> Option<&'a str> {
    if policy == TaxTreatment::RatesOnly || !tax_id::is_member_state(seller_country) {
        return None;
    }
    match buyer.vat_state {
        // For services Northern Ireland is no part of the union.
        Some("XI") => Some("GB"),
        Some(state) => Some(state),
        None => billing_country.filter(|country| buyer.is_company && !tax_id::is_member_state(country)),
    }
}

/// One group for all categories of products: a document has one breakdown per reason (EN 16931 BR-E-01, BR-AE-01, BR-IC-01, BR-G-01).
fn untaxed(category: &str, scheme: &str, code: Option<String>, reason: String) -> Treatment {
    Treatment::Untaxed(TaxRule {
        tax_category: category.to_owned(),
        tax_scheme_category: scheme.to_owned(),
        rate: Decimal::ZERO,
        base_fraction: BaseFraction::WHOLE,
        exemption_code: code,
        exemption_reason: Some(reason),
        name: None,
    })
}

/// Code and reason of a rate that taxes nothing: what the law says of its category, for a seller in the EU with its code. An exempt
/// rate says why by its own name. Standard and zero rates need no reason.
pub fn reason_of_rate(scheme: &str, name: Option<&str>, seller_country: &str) -> (Option<String>, Option<String>) {
    let (code, reason) = match scheme {
        "AE" => REVERSE_CHARGE,
        "K" => INTRA_COMMUNITY,
        "G" => EXPORT,
        "O" => NOT_SUBJECT,
        "E" => return (None, name.map(str::to_owned)),
        _ => return (None, None),
    };
    if tax_id::is_member_state(seller_country) {
        (Some(code.to_owned()), Some(reason.to_owned()))
    } else {
        (None, Some(name.unwrap_or("Not subject to tax").to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Supply::{Goods, Service};

    fn scheme(sale: &Sale<'_>, supply: Supply) -> String {
        match treatment(sale, supply) {
            Treatment::Rates => "rates".to_owned(),
            Treatment::Untaxed(rule) => format!("{} {}", rule.tax_scheme_category, rule.exemption_code.unwrap_or_default()),
        }
    }

    #[test]
    fn who_buys_and_where_to_decide() {
        const FRENCH: Option<&str> = Some("FR40303265045");
        const GERMAN: Option<&str> = Some("DE136695976");
        for (seller, to, has_rates, number, goods, service) in [
            // At home, whoever buys.
            ("DE", "DE", true, None, "rates", "rates"),
            ("DE", "DE", true, GERMAN, "rates", "rates"),
            ("DE", "DE", true, FRENCH, "rates", "rates"),
            // To another member state, with and without a number.
            ("DE", "FR", true, FRENCH, "K VATEX-EU-IC", "AE VATEX-EU-AE"),
            ("DE", "FR", false, FRENCH, "K VATEX-EU-IC", "AE VATEX-EU-AE"),
            ("DE", "FR", true, None, "rates", "rates"),
            // A chain: sent to France for an Italian company. A number of the seller's own state moves nothing.
            ("DE", "FR", true, Some("IT00743110157"), "K VATEX-EU-IC", "AE VATEX-EU-AE"),
            ("DE", "FR", true, GERMAN, "rates", "rates"),
            // Numbers that are none: a wrong digit, a wrong form, no prefix.
            ("DE", "FR", true, Some("FR41303265045"), "rates", "rates"),
            ("DE", "FR", true, Some("FR4030326504"), "rates", "rates"),
            ("DE", "FR", true, Some("303265045"), "rates", "rates"),
            // Greece writes EL.
            ("DE", "GR", false, Some("EL094259216"), "K VATEX-EU-IC", "AE VATEX-EU-AE"),
            // Out of the union, and where the seller is registered there.
            ("DE", "CH", false, None, "G VATEX-EU-G", "rates"),
            ("DE", "GB", true, None, "rates", "rates"),
            // Sellers elsewhere have rates alone.
            ("ID", "DE", false, GERMAN, "rates", "rates"),
            ("ID", "SG", false, None, "rates", "rates"),
            ("US", "US", true, None, "rates", "rates"),
        ] {
            let buyer = TaxedBuyer { vat_state: number.and_then(tax_id::member_state_of), ..TaxedBuyer::default() };
            let sale = Sale { policy: TaxTreatment::Automatic, seller_country: seller, ship_to_country: to, has_rates, buyer };
            let case = format!("{seller} to {to}, {number:?}");
            assert_eq!((scheme(&sale, Goods).trim(), scheme(&sale, Service).trim()), (goods, service), "{case}");
            let by_rates = Sale { policy: TaxTreatment::RatesOnly, ..sale };
            assert_eq!((scheme(&by_rates, Goods).as_str(), scheme(&by_rates, Service).as_str()), ("rates", "rates"), "{case}");
        }
    }

    #[test]
    fn a_business_has_its_services_where_it_is_established() {
        let place = |seller, vat_state, is_company, billing| {
            let buyer = TaxedBuyer { exemption: None, vat_state, is_company };
            service_place(TaxTreatment::Automatic, seller, &buyer, billing)
        };
        for (seller, vat_state, is_company, billing, expected) in [
            // The number says where, whatever is written on the envelope.
            ("DE", Some("FR"), true, Some("FR"), Some("FR")),
            ("DE", Some("FR"), true, Some("DE"), Some("FR")),
            ("DE", Some("DE"), true, Some("FR"), Some("DE")),
            ("DE", Some("XI"), true, Some("GB"), Some("GB")),
            // A company outside the union has none; in it, without one, it is treated as a private person.
            ("DE", None, true, Some("CH"), Some("CH")),
            ("DE", None, true, Some("FR"), None),
            ("DE", None, false, Some("CH"), None),
            ("DE", None, false, None, None),
            // Sellers elsewhere go by the ship-to country.
            ("ID", Some("FR"), true, Some("FR"), None),
        ] {
            assert_eq!(place(seller, vat_state, is_company, billing), expected, "{seller} {vat_state:?} {is_company} {billing:?}");
        }
        let buyer = TaxedBuyer { exemption: None, vat_state: Some("FR"), is_company: true };
        assert_eq!(service_place(TaxTreatment::RatesOnly, "DE", &buyer, Some("FR")), None);
    }

    #[test]
    fn an_exempt_buyer_is_exempt_everywhere_with_his_own_words() {
        let exemption = TaxExemption { code: "VATEX-EU-143".into(), reason: "Embassy".into() };
        for policy in [TaxTreatment::Automatic, TaxTreatment::RatesOnly] {
            for (from, to) in [("DE", "DE"), ("DE", "FR"), ("DE", "US"), ("ID", "ID")] {
                let buyer = TaxedBuyer { exemption: Some(&exemption), vat_state: Some("FR"), is_company: true };
                let sale = Sale { policy, seller_country: from, ship_to_country: to, has_rates: true, buyer };
                let Treatment::Untaxed(rule) = treatment(&sale, Goods) else { panic!("{from} {to}") };
                assert_eq!((rule.tax_scheme_category.as_str(), rule.rate), ("E", Decimal::ZERO));
                assert_eq!((rule.exemption_code.as_deref(), rule.exemption_reason.as_deref()), (Some("VATEX-EU-143"), Some("Embassy")));
            }
        }
    }

    #[test]
    fn charges_and_shipping_go_with_the_goods() {
        assert_eq!(Supply::of(ProductKind::Charge, true), Goods);
        assert_eq!(Supply::of(ProductKind::Charge, false), Service);
        assert_eq!((Supply::of(ProductKind::Service, true), Supply::of(ProductKind::Stocked, false)), (Service, Goods));
    }

    #[test]
    fn a_rate_that_taxes_nothing_says_why() {
        let of = |scheme, name, seller| {
            let (code, reason) = reason_of_rate(scheme, name, seller);
            (code.unwrap_or_default(), reason.unwrap_or_default())
        };
        assert_eq!(of("S", Some("VAT"), "DE"), (String::new(), String::new()));
        assert_eq!(of("Z", Some("VAT"), "GB"), (String::new(), String::new()));
        assert_eq!(of("E", Some("Medical care, art. 132"), "DE"), (String::new(), "Medical care, art. 132".to_owned()));
        assert_eq!(of("O", None, "DE"), ("VATEX-EU-O".to_owned(), "Not subject to VAT".to_owned()));
        assert_eq!(of("O", None, "ID"), (String::new(), "Not subject to tax".to_owned()));
        assert_eq!(of("G", Some("Ekspor"), "ID"), (String::new(), "Ekspor".to_owned()));
    }
}
