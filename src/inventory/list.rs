//! Reading the filters of a list: many values by comma.

use crate::error::Error;
use std::fmt::Display;
use std::str::FromStr;

/// The values between commas, without those that are empty.
pub fn texts(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// The values between commas, each one of a closed set; 400 `invalid_parameter` names the first that is not.
pub fn choices<T: FromStr<Err: Display>>(parameter: &str, list: &str) -> Result<Vec<T>, Error> {
    let read = |text: &String| {
        text.parse().map_err(|why| Error::bad_request("invalid_parameter", format!("'{text}' is not a value of {parameter}: {why}")))
    };
    texts(list).iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_by_commas_and_checked() {
        assert_eq!(texts("a, b,,c"), ["a", "b", "c"]);
        assert_eq!(choices::<u8>("n", "1,2").unwrap(), [1, 2]);
        assert!(matches!(choices::<u8>("n", "1,x"), Err(Error::BadRequest { code: "invalid_parameter", .. })));
    }
}
