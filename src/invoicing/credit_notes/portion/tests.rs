use super::*;
use crate::invoicing::invoices::invoice::{
    BillTo, DocumentTaxGroup, Exemption, InvoiceDocument, InvoiceLine, InvoiceLineDetail, InvoiceTerms,
};
use crate::invoicing::invoices::shipment_parts::{OpenShipmentLine, parts, shares};
use crate::orders::pricing::tests::{any_order, dec, line, order, rule};
use crate::orders::pricing::{PricingInput, ShippingInput, price};
use crate::orders::valuation::Portion;
use crate::types::id::{CustomerId, InvoiceId, InvoiceLineId, OrderId, OrderLineId, ShipmentId};
use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;

/// The invoice of a portion of an order, each line split between two shipments.
pub(in crate::invoicing::credit_notes) fn invoice_of(input: &PricingInput, part: &Portion) -> Invoice {
    let breakdown = part.tax_breakdown();
    let priced = price(input).unwrap();
    let place = |group: usize| breakdown.iter().position(|row| row.is_like(&priced.tax_breakdown[group])).unwrap_or_default();
    let mut lines = Vec::new();
    for line in part.lines.iter().filter(|line| !line.quantity.is_zero()) {
        let first =
            OpenShipmentLine { shipment_id: ShipmentId::generate(), line_number: 1, open: (line.quantity / Decimal::from(3)).round_dp(3) };
        let parts = parts(line.quantity, &[first]);
        let share = |amount| shares(input.currency, amount, &parts);
        let (discounts, nets) = (share(line.discount_amount), share(line.net_amount));
        let (order_discounts, taxes) = (share(line.order_discount_amount), share(line.tax_amount));
        for (i, part) in parts.iter().enumerate() {
            lines.push(InvoiceLine {
                id: InvoiceLineId::generate(),
                line_number: i16::try_from(lines.len() + 1).unwrap(),
                order_id: OrderId::generate(),
                order_line_number: Some(1),
                order_line_id: Some(OrderLineId::generate()),
                prepayment_invoice_id: None,
                shipment_id: part.shipment_id,
                sku: "KOPI-250".into(),
                name: "Kopi".into(),
                unit: "C62".into(),
                quantity: part.quantity,
                unit_price: Decimal::ONE,
                price_quantity: Decimal::ONE,
                discount_amount: discounts[i],
                net_amount: nets[i],
                order_discount_amount: order_discounts[i],
                tax_category: "standard".into(),
                tax_rate: breakdown[place(line.tax_group)].rate.0,
                tax_amount: taxes[i],
                credited_quantity: Decimal::ZERO,
                detail: InvoiceLineDetail {
                    tax_group: place(line.tax_group),
                    tax_scheme_category: "S".into(),
                    base_fraction: breakdown[place(line.tax_group)].base_fraction,
                    customer_sku: None,
                    external_line_id: None,
                },
            });
        }
    }
    let ships = !(part.shipping_net.is_zero() && part.shipping_tax.is_zero());
    Invoice {
        id: InvoiceId::generate(),
        kind: crate::invoicing::invoices::invoice::InvoiceKind::Standard,
        number: "INV-000001".into(),
        series: "INV".into(),
        series_number: 1,
        order_id: OrderId::generate(),
        customer_id: CustomerId::generate(),
        currency: input.currency,
        exchange_rate: None,
        subtotal: part.subtotal,
        discount_total: part.discount_total,
        shipping_net: part.shipping_net,
        shipping_tax: part.shipping_tax,
        tax_total: part.tax_total,
        rounding_amount: input.currency.zero(),
        total: part.total,
        amount_credited: input.currency.zero(),
        amount_paid: input.currency.zero(),
        supply_on: NaiveDate::default(),
        issued_on: NaiveDate::default(),
        due_on: NaiveDate::default(),
        overdue_on: None,
        reminder_level: 0,
        reminded_on: None,
        document: InvoiceDocument {
            seller: serde_json::Value::Null,
            bill_to: BillTo {
                id: CustomerId::generate(),
                code: None,
                name: "Toko".into(),
                tax_id: None,
                email: None,
                electronic_address: None,
                address: None,
                language: None,
            },
            ship_to: None,
            orders: vec![],
            buyer_reference: None,
            payment_terms: InvoiceTerms {
                code: "net_30".into(),
                name: "30 days".into(),
                net_days: 30,
                end_of_month: false,
                prepayment: false,
                cash_on_delivery: false,
                discount_percent: None,
                discount_days: None,
            },
            payment_means: vec![],
            pricing: input.mode,
            prices_include_tax: input.prices_include_tax,
            shipping_tax_group: priced.shipping_tax_group.filter(|_| ships).map(place),
            tax_breakdown: breakdown.into_iter().map(|group| DocumentTaxGroup::of(group, &Exemption::default())).collect(),
            base_currency: input.currency,
            tax_total_base_currency: None,
            replaces: None,
        },
        replaced_by_invoice_id: None,
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: DateTime::<Utc>::MIN_UTC,
        updated_at: DateTime::<Utc>::MIN_UTC,
        lines,
    }
}

pub(in crate::invoicing::credit_notes) fn nothing(invoice: &Invoice) -> Extent {
    Extent { quantities: vec![Decimal::ZERO; invoice.lines.len()], shipping: false }
}

/// Half of the order, and what comes after it.
pub(in crate::invoicing::credit_notes) fn two_invoices(input: &PricingInput) -> Option<[Invoice; 2]> {
    let priced = price(input).ok()?;
    let document = ValuedDocument::of(input, &priced);
    let half: Vec<Decimal> = input.lines.iter().map(|line| (line.quantity / Decimal::TWO).round_dp(3)).collect();
    let whole: Vec<Decimal> = input.lines.iter().map(|line| line.quantity).collect();
    let (first, all) = (value(&document, &half), value(&document, &whole));
    Some([invoice_of(input, &first), invoice_of(input, &difference(&all, &first))])
}

#[test]
fn shipping_is_taken_back_only_where_it_is_asked_for() {
    let mut input = order("EUR", vec![line("2", "10", "0.19")]);
    input.shipping = Some(ShippingInput { amount: dec("4.90"), tax: rule("0.19"), given_tax_amount: None });
    let priced = price(&input).unwrap();
    let document = ValuedDocument::of(&input, &priced);
    let invoice = invoice_of(&input, &value(&document, &[dec("2")]));
    let goods = Extent { shipping: false, ..Extent::whole(&invoice) };
    let part = portion(&invoice, &nothing(&invoice), &goods);
    assert_eq!((part.subtotal, part.shipping_net, part.tax_total, part.total), (dec("20"), dec("0"), dec("3.80"), dec("23.80")));
    let rest = portion(&invoice, &goods, &Extent::whole(&invoice));
    assert_eq!((rest.subtotal, rest.shipping_net, rest.shipping_tax, rest.total), (dec("0"), dec("4.90"), dec("0.93"), dec("5.83")));
    assert!(rest.lines.iter().all(|line| line.quantity.is_zero()));
    let whole = portion(&invoice, &nothing(&invoice), &Extent::whole(&invoice));
    assert_eq!((whole.total, whole.shipping_tax), (invoice.total, invoice.shipping_tax));
}

proptest! {
    #[test]
    fn any_sequence_of_credit_notes_is_the_invoice_to_the_minor_unit(
        input in any_order(), steps in prop::collection::vec((prop::collection::vec(0i64..4, 16), any::<bool>()), 0..5),
    ) {
        let Some(invoices) = two_invoices(&input) else { return Ok(()) };
        for invoice in invoices {
            let mut extents = vec![nothing(&invoice)];
            let mut eighths = vec![0i64; invoice.lines.len()];
            for (more, shipping) in &steps {
                for (sum, more) in eighths.iter_mut().zip(more.iter().cycle()) {
                    *sum = (*sum + more).min(8);
                }
                let quantity = |(line, eighths): (&InvoiceLine, &i64)| {
                    if *eighths == 8 { line.quantity } else { (line.quantity * Decimal::new(eighths * 125, 3)).round_dp(3) }
                };
                let before = extents.last().unwrap().shipping;
                extents.push(Extent {
                    quantities: invoice.lines.iter().zip(&eighths).map(quantity).collect(),
                    shipping: has_shipping(&invoice) && (before || *shipping),
                });
            }
            extents.push(Extent::whole(&invoice));
            let mut sum = [Decimal::ZERO; 5];
            for pair in extents.windows(2) {
                let part = portion(&invoice, &pair[0], &pair[1]);
                let lines: Decimal = part.lines.iter().map(|line| line.tax_amount).sum();
                prop_assert_eq!(lines + part.shipping_tax, part.tax_total);
                prop_assert_eq!(part.lines.iter().map(|line| line.net_amount).sum::<Decimal>(), part.subtotal);
                prop_assert_eq!(part.lines.iter().map(|line| line.order_discount_amount).sum::<Decimal>(), part.discount_total);
                prop_assert_eq!(part.subtotal - part.discount_total + part.shipping_net + part.tax_total, part.total);
                prop_assert_eq!(part.total.scale(), input.currency.minor_units());
                prop_assert_eq!(part.tax_breakdown.iter().map(|group| group.tax_amount.0).sum::<Decimal>(), part.tax_total);
                let amounts = [part.subtotal, part.discount_total, part.shipping_net, part.tax_total, part.total];
                sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
                prop_assert!(sum[4] <= invoice.total, "{} of {}", sum[4], invoice.total);
            }
            prop_assert_eq!(sum, [invoice.subtotal, invoice.discount_total, invoice.shipping_net, invoice.tax_total, invoice.total]);
        }
    }
}
