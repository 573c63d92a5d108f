//! What a payment is and how it may change.

use crate::types::text_enum::text_enum;

text_enum! {
    pub enum PaymentMethod {
        BankTransfer = "bank_transfer",
        Card = "card",
        Cash = "cash",
        EWallet = "e_wallet",
        Other = "other",
    }
}

text_enum! {
    pub enum PaymentStatus {
        /// Announced; nothing has arrived.
        Pending = "pending",
        /// Reserved on the payer's side, to be captured or voided.
        Authorized = "authorized",
        Captured = "captured",
        Voided = "voided",
        Failed = "failed",
        Reversed = "reversed",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
    }
}
