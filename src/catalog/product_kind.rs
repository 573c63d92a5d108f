//! What a product is to the warehouse.

use crate::types::text_enum::text_enum;

text_enum! {
    pub enum ProductKind {
        /// Goods with stock: promised, picked, shipped.
        Stocked = "stocked",
        /// Work: completed by hand.
        Service = "service",
        /// A fee: falls due with the first shipment, or at once where nothing ships.
        Charge = "charge",
    }
}
