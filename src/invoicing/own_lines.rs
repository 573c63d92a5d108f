//! Lines and reasons that documents have from us, not from a catalog. They are stored in English, as machines get them; on paper
//! they stand in the reader's language.

use chrono::NaiveDate;

/// A line of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnLine {
    /// Money in advance, by the number of its order.
    PrepaymentFor(String),
    /// A prepayment that is deducted, by its number and date.
    Prepayment(String, NaiveDate),
    RestockingFee,
}

const PREPAYMENT: &str = "PREPAYMENT";
const RESTOCKING_FEE: &str = "RESTOCKING-FEE";
const RETURNED: &str = "Goods returned with ";

impl OwnLine {
    /// What stands where other lines have the SKU.
    pub fn sku(&self) -> &'static str {
        match self {
            Self::PrepaymentFor(_) | Self::Prepayment(..) => PREPAYMENT,
            Self::RestockingFee => RESTOCKING_FEE,
        }
    }

    pub fn name(&self) -> String {
        match self {
            Self::PrepaymentFor(order) => format!("Prepayment for order {order}"),
            Self::Prepayment(number, on) => format!("Prepayment {number} of {on}"),
            Self::RestockingFee => "Restocking fee".to_owned(),
        }
    }

    /// The line that has this SKU and name; `None` where they are somebody else's.
    pub fn read(sku: &str, name: &str) -> Option<Self> {
        let prepayment = || {
            let rest = name.strip_prefix("Prepayment ")?;
            if let Some(order) = rest.strip_prefix("for order ") {
                return Some(Self::PrepaymentFor(order.to_owned()));
            }
            let (number, on) = rest.rsplit_once(" of ")?;
            Some(Self::Prepayment(number.to_owned(), on.parse().ok()?))
        };
        let read = match sku {
            PREPAYMENT => prepayment()?,
            RESTOCKING_FEE => Self::RestockingFee,
            _ => return None,
        };
        (read.name() == name).then_some(read)
    }
}

/// Why a credit note is issued for a return where nobody says why.
pub fn returned_with(number: &str) -> String {
    format!("{RETURNED}{number}")
}

/// The number of the return in such a reason.
pub fn return_of(reason: &str) -> Option<&str> {
    reason.strip_prefix(RETURNED).filter(|number| !number.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let on = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        for line in [OwnLine::PrepaymentFor("SO-000207".into()), OwnLine::Prepayment("INV-000207".into(), on), OwnLine::RestockingFee] {
            assert_eq!(OwnLine::read(line.sku(), &line.name()), Some(line));
        }
        assert_eq!(OwnLine::read("PREPAYMENT", "Prepayment card"), None);
        assert_eq!(OwnLine::read("KOPI-250", "Restocking fee"), None);
        assert_eq!((return_of(&returned_with("RMA-000015")), return_of("Goods returned with a smile")), (Some("RMA-000015"), None));
    }
}
