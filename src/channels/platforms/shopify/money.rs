//! In which of its two currencies an order of Shopify is read: the one that the buyer has paid in. Plain amounts are in the shop's
//! currency, those of a `…_set` in both; what stands only in another currency than the order's is never reckoned with. Pure.

use super::super::reading::{Node, Read};
use crate::types::currency::Currency;
use rust_decimal::Decimal;

/// The code of a reason that an amount stands only in another currency.
pub const OTHER_CURRENCY: &str = "other_currency";

/// The currency of an order, and whether the plain amounts of its messages are in it.
#[derive(Clone, Copy, Debug)]
pub struct Money {
    pub currency: Currency,
    /// The buyer's currency is not the shop's.
    pub presentment: bool,
}

impl Money {
    pub fn of(order: &Node) -> Read<Self> {
        let shop = order.field("currency").currency()?;
        let presentment = order.field("presentment_currency");
        if presentment.is_null() || presentment.currency()? == shop {
            return Ok(Self { currency: shop, presentment: false });
        }
        Ok(Self { currency: presentment.currency()?, presentment: true })
    }

    fn is_named(self, money: &Node, field: &str) -> Option<bool> {
        money.field(field).text(10).map(|code| Currency::from_code(&code) == Some(self.currency))
    }

    /// Of an amount that stands plainly and in a set of both currencies: where it stands in this one. [`OTHER_CURRENCY`] where it
    /// stands only in another; nothing is nothing in any.
    pub fn choose<'a>(self, plain: Node<'a>, set: &Node<'a>) -> Read<Node<'a>> {
        let (buyer, shop) = (set.field("presentment_money"), set.field("shop_money"));
        let own = |money: &Node| self.is_named(money, "currency_code") == Some(true);
        if self.presentment || self.is_named(&shop, "currency_code") == Some(false) {
            let ours = [&buyer, &shop].into_iter().find(|money| own(money)).map(|money| money.field("amount"));
            return match ours {
                Some(amount) => Ok(amount),
                None if is_nothing(&plain)? && is_nothing(&buyer.field("amount"))? && is_nothing(&shop.field("amount"))? => Ok(plain),
                None => Err(self.elsewhere(&plain)),
            };
        }
        Ok(if plain.is_null() { shop.field("amount") } else { plain })
    }

    /// Where an amount stands in this currency: the field, or its `…_set`.
    pub fn at<'a>(self, node: &Node<'a>, field: &str) -> Read<Node<'a>> {
        self.choose(node.field(field), &node.field(&format!("{field}_set")))
    }

    pub fn read(self, node: &Node, field: &str) -> Read<Decimal> {
        self.at(node, field)?.money(self.currency)
    }

    pub fn positive(self, node: &Node, field: &str) -> Read<Decimal> {
        self.at(node, field)?.positive(self.currency)
    }

    pub fn sum(self, items: &[Node], field: &str) -> Read<Decimal> {
        items.iter().try_fold(self.currency.zero(), |sum, item| Ok(sum + self.read(item, field)?))
    }

    /// What a transaction has moved. Its `amount` is in the currency that it names, whatever the order's is.
    pub fn moved(self, transaction: &Node) -> Read<Decimal> {
        let amount = transaction.field("amount");
        if transaction.field("amount_set").is_null() {
            return match self.is_named(transaction, "currency") {
                Some(true) => amount.positive(self.currency),
                None if !self.presentment => amount.positive(self.currency),
                _ if is_nothing(&amount)? => Ok(self.currency.zero()),
                _ => Err(self.elsewhere(&amount)),
            };
        }
        self.positive(transaction, "amount")
    }

    fn elsewhere(self, amount: &Node) -> crate::inbox::Reason {
        amount.fault(OTHER_CURRENCY, format!("this amount is not told in {}, the currency of the order", self.currency))
    }
}

fn is_nothing(amount: &Node) -> Read<bool> {
    Ok(amount.decimal()?.is_none_or(|amount| amount.is_zero()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn idr(presentment: bool) -> Money {
        Money { currency: Currency::from_code("IDR").unwrap(), presentment }
    }

    fn read(money: Money, body: &Value) -> Result<String, String> {
        money.read(&Node::root(body), "price").map(|amount| amount.normalize().to_string()).map_err(|reason| reason.code)
    }

    #[test]
    fn an_amount_counts_in_the_currency_of_the_order_or_not_at_all() {
        let both = json!({"shop_money": {"amount": "10.00", "currency_code": "USD"}, "presentment_money": {"amount": "160000", "currency_code": "IDR"}});
        let one = json!({"shop_money": {"amount": "160000", "currency_code": "IDR"}, "presentment_money": {"amount": "160000", "currency_code": "IDR"}});
        let (good, bad) = (Ok("160000".to_owned()), Err(OTHER_CURRENCY.to_owned()));
        let table = [
            (true, json!({"price": "10.00", "price_set": both}), good.clone()),
            // The set says so even where nobody has told that the buyer pays in another currency.
            (false, json!({"price": "10.00", "price_set": both}), good.clone()),
            (false, json!({"price": "160000", "price_set": one}), good.clone()),
            (false, json!({"price": "160000"}), good.clone()),
            (false, json!({"price_set": one}), good),
            (true, json!({"price": "10.00"}), bad.clone()),
            (true, json!({"price": "10.00", "price_set": {"shop_money": {"amount": "10.00", "currency_code": "USD"}}}), bad.clone()),
            (false, json!({"price": "10.00", "price_set": {"shop_money": {"amount": "10.00", "currency_code": "USD"}}}), bad),
            (true, json!({"price": "0.00"}), Ok("0".to_owned())),
            (true, json!({}), Ok("0".to_owned())),
        ];
        for (presentment, body, expected) in table {
            assert_eq!(read(idr(presentment), &body), expected, "{presentment} {body}");
        }
    }

    #[test]
    fn a_transaction_counts_in_the_currency_that_it_names() {
        let moved = |presentment: bool, body: Value| {
            let moved = idr(presentment).moved(&Node::root(&body));
            moved.map(|amount| amount.normalize().to_string()).map_err(|reason| (reason.code, reason.pointer))
        };
        let bad = || Err((OTHER_CURRENCY.to_owned(), "/amount".to_owned()));
        assert_eq!(moved(true, json!({"amount": "160000", "currency": "IDR"})), Ok("160000".into()));
        assert_eq!(moved(true, json!({"amount": "10.00", "currency": "USD"})), bad());
        assert_eq!(moved(false, json!({"amount": "10.00", "currency": "USD"})), bad());
        assert_eq!(moved(true, json!({"amount": "160000"})), bad());
        assert_eq!(moved(false, json!({"amount": "160000"})), Ok("160000".into()));
        let set = json!({"presentment_money": {"amount": "160000", "currency_code": "IDR"}});
        assert_eq!(moved(true, json!({"amount": "10.00", "currency": "USD", "amount_set": set})), Ok("160000".into()));
    }
}
