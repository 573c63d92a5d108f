//! Reading the filters of a list: many values by comma.

use crate::error::Error;
use std::str::FromStr;

/// The values between commas, `None` without the parameter; 400 `invalid_parameter` names the first that does not fit.
pub fn many<T: FromStr>(parameter: &str, list: Option<&str>) -> Result<Option<Vec<T>>, Error> {
    let read = |text: &str| {
        text.parse().map_err(|_| Error::bad_request("invalid_parameter", format!("'{text}' is not a value that {parameter} can have")))
    };
    list.map(|list| list.split(',').map(str::trim).filter(|text| !text.is_empty()).map(read).collect()).transpose()
}

/// A clause of a list only where its filter is given: with all clauses always there, no index could serve any of them.
pub fn when(given: bool, clause: &'static str) -> &'static str {
    if given { clause } else { "" }
}

/// The numbers of the orders that things with these numbers belong to: `SO-000123` of `SO-000123-F1`. Things of an order have
/// no index on their own numbers.
pub fn order_numbers(numbers: &[String]) -> Vec<&str> {
    numbers.iter().map(|number| number.rsplit_once('-').map_or(number.as_str(), |(order, _)| order)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_by_commas_and_checked() {
        assert_eq!(many::<u8>("n", Some("1, 2,")).unwrap(), Some(vec![1, 2]));
        assert_eq!(many::<u8>("n", None).unwrap(), None);
        assert!(matches!(many::<u8>("n", Some("1,x")), Err(Error::BadRequest { code: "invalid_parameter", .. })));
        assert_eq!(order_numbers(&["SO-000123-F1".into(), "7".into()]), ["SO-000123", "7"]);
    }
}
