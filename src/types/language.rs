//! The languages that we write to people in.

use super::text_enum::text_enum;

text_enum! {
    /// A language that documents and notices are written in.
    pub enum Language {
        English = "en",
        Indonesian = "id",
    }
}

impl Language {
    /// What is read in a country, as far as we write it: Indonesian in Indonesia, English elsewhere.
    pub fn of_country(code: &str) -> Self {
        if code == "ID" { Self::Indonesian } else { Self::English }
    }
}
