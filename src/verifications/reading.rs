//! What was read of somebody's document: each value with how sure that is and where it stands. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How sure a reading is, in hundredths: 0 is a guess that nobody should act on, 100 a field of a standard that says what it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Confidence(u8);

impl Confidence {
    pub const CERTAIN: Self = Self(100);
    /// From here on a field needs nobody's eye.
    pub const ENOUGH: Self = Self(90);

    /// So many hundredths, 100 at most.
    pub const fn of(hundredths: u8) -> Self {
        Self(if hundredths > 100 { 100 } else { hundredths })
    }

    /// The less sure of both.
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> Self {
        Self::from(confidence.0) / 100.0
    }
}

impl TryFrom<f64> for Confidence {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if !(0.0..=1.0).contains(&value) {
            return Err("a confidence is 0 to 1");
        }
        let hundredths = (0u8..=100).find(|hundredths| f64::from(*hundredths) / 100.0 >= value - 0.005);
        Ok(Self(hundredths.unwrap_or(100)))
    }
}

/// A value that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadField {
    #[schema(example = "KOPI-250")]
    pub value: String,
    /// 0 to 1.
    #[schema(value_type = f64, example = 0.98)]
    pub confidence: Confidence,
    /// Where it stands: MIME part with row and column (from 1), cell or XPath; or a header.
    #[schema(example = "part=2;row=3;column=1")]
    pub place: String,
}

impl ReadField {
    pub fn new(value: impl Into<String>, confidence: Confidence, place: impl Into<String>) -> Self {
        Self { value: value.into(), confidence, place: place.into() }
    }
}

/// A line that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ReadLine {
    pub sku: Option<ReadField>,
    /// GTIN (GS1), by which the product is found where there is no SKU of ours.
    pub gtin: Option<ReadField>,
    /// The customer's own number of the product.
    pub customer_sku: Option<ReadField>,
    pub name: Option<ReadField>,
    /// A decimal, with a point.
    pub quantity: Option<ReadField>,
    pub unit: Option<ReadField>,
    /// What the customer expects to pay.
    pub unit_price: Option<ReadField>,
    /// An ISO 8601 date; what stands there, with confidence 0, where it could not be read.
    pub requested_on: Option<ReadField>,
}

/// An order that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    pub purchase_order_number: Option<ReadField>,
    /// ISO 4217.
    pub currency: Option<ReadField>,
    /// An ISO 8601 date.
    pub requested_on: Option<ReadField>,
    pub lines: Vec<ReadLine>,
    /// What is said beside the lines: text that was not understood, columns of other names.
    #[serde(default)]
    pub note: Option<ReadField>,
    /// What a person should know of it.
    pub remarks: Vec<Remark>,
}

/// Something about a document that a person should know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Remark {
    #[schema(example = "unread_attachment")]
    pub code: String,
    #[schema(example = "order.pdf is not read")]
    pub detail: String,
    #[schema(example = "part=3")]
    pub place: String,
}

impl Remark {
    pub fn new(code: &str, detail: impl Into<String>, place: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into(), place: place.into() }
    }
}

impl Reading {
    /// The fields that an order is made of, and that are not sure enough to make one unseen.
    pub fn unsure(&self, enough: Confidence) -> Vec<&ReadField> {
        let head = [&self.purchase_order_number, &self.currency, &self.requested_on];
        let lines = self.lines.iter().flat_map(|line| {
            let product = line.sku.as_ref().or(line.gtin.as_ref());
            [product, line.quantity.as_ref(), line.unit.as_ref(), line.unit_price.as_ref(), line.requested_on.as_ref()]
        });
        let fields = head.into_iter().map(Option::as_ref).chain(lines).flatten();
        fields.filter(|field| field.confidence < enough).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_survives_its_json() {
        for hundredths in 0..=100u8 {
            let json = serde_json::to_string(&Confidence::of(hundredths)).unwrap();
            assert_eq!(serde_json::from_str::<Confidence>(&json).unwrap(), Confidence::of(hundredths), "{json}");
        }
        assert!(serde_json::from_str::<Confidence>("1.01").is_err() && serde_json::from_str::<Confidence>("-0.1").is_err());
        assert_eq!(Confidence::of(255), Confidence::CERTAIN);
    }
}
