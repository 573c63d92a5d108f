use crate::types::text_enum::text_enum;

text_enum! {
    /// The paper that a PDF is laid out for.
    pub enum Paper {
        A4 = "a4",
        Letter = "letter",
    }
}

/// Where letter is the common paper (CLDR, supplemental data, paper size US-Letter).
const LETTER: [&str; 14] = ["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"];

impl Paper {
    pub fn of_country(code: &str) -> Self {
        if LETTER.contains(&code) { Self::Letter } else { Self::A4 }
    }
}
