//! What an amount is in the books.

use crate::payments::settlement::AdjustmentKind;
use crate::types::text_enum::text_enum;

text_enum! {
    /// What an amount is in the books; the chart of accounts says which account that is.
    pub enum LedgerRole {
        /// What customers owe on invoices, less money of theirs that is on none.
        Receivable = "receivable",
        /// Goods and services sold, after line discounts; by tax category.
        Revenue = "revenue",
        /// Tax owed on sales; by tax category.
        Tax = "tax",
        Shipping = "shipping",
        /// Discounts on whole orders; by tax category.
        Discount = "discount",
        /// Money for orders that are not invoiced yet, and what prepayment invoices ask for; the latter by tax category.
        Deposit = "deposit",
        CostOfGoods = "cost_of_goods",
        Inventory = "inventory",
        /// Counts, corrections and scrap.
        InventoryAdjustment = "inventory_adjustment",
        /// What credit notes take back of sales; by tax category.
        CreditNote = "credit_note",
        /// Where refunds leave from; by payment method.
        Refund = "refund",
        /// Tax that payers keep for the tax authority.
        Withholding = "withholding",
        /// Where money arrives; by payment method.
        Bank = "bank",
        BankFee = "bank_fee",
        EarlyPaymentDiscount = "early_payment_discount",
        WriteOff = "write_off",
        /// Rounding amounts of invoices, and what amounts in base currency lack of adding up.
        Rounding = "rounding",
        /// Gain or loss from a rate that has moved between invoice and payment.
        ExchangeDifference = "exchange_difference",
    }
}

impl LedgerRole {
    /// The account and name from the start.
    const fn default_account(self) -> (&'static str, &'static str) {
        match self {
            Self::Receivable => ("1200", "Trade receivables"),
            Self::Revenue => ("4000", "Sales"),
            Self::Tax => ("2200", "Output tax"),
            Self::Shipping => ("4100", "Shipping charged"),
            Self::Discount => ("4900", "Discounts granted"),
            Self::Deposit => ("2300", "Customer deposits"),
            Self::CostOfGoods => ("5000", "Cost of goods sold"),
            Self::Inventory => ("1300", "Inventory"),
            Self::InventoryAdjustment => ("5100", "Inventory adjustments"),
            Self::CreditNote => ("4800", "Sales returns and allowances"),
            Self::Refund | Self::Bank => ("1000", "Bank"),
            Self::Withholding => ("1400", "Withholding tax receivable"),
            Self::BankFee => ("6100", "Bank fees"),
            Self::EarlyPaymentDiscount => ("4910", "Early payment discounts"),
            Self::WriteOff => ("6200", "Bad debts"),
            Self::Rounding => ("6300", "Rounding differences"),
            Self::ExchangeDifference => ("6400", "Exchange differences"),
        }
    }

    /// Role, account and name, as the chart of a new organization has them.
    pub const fn from_the_start(self) -> (&'static str, &'static str, &'static str) {
        let (code, name) = self.default_account();
        (self.as_str(), code, name)
    }

    /// Whether its lines have a tax category, so that each category may have an account of its own.
    pub const fn has_tax_category(self) -> bool {
        matches!(self, Self::Revenue | Self::Tax | Self::Discount | Self::CreditNote | Self::Deposit)
    }

    /// Whether its lines have a payment method.
    pub const fn has_payment_method(self) -> bool {
        matches!(self, Self::Bank | Self::Refund)
    }
}

impl From<AdjustmentKind> for LedgerRole {
    fn from(kind: AdjustmentKind) -> Self {
        match kind {
            AdjustmentKind::WithholdingTax => Self::Withholding,
            AdjustmentKind::BankFee => Self::BankFee,
            AdjustmentKind::EarlyPaymentDiscount => Self::EarlyPaymentDiscount,
            AdjustmentKind::WriteOff => Self::WriteOff,
        }
    }
}
