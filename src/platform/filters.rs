//! Reading the filters of a list: many values by comma.

use crate::error::Error;
use std::fmt::Display;
use std::str::FromStr;

/// Values separated by comma.
pub fn many(text: Option<&str>) -> Vec<String> {
    text.map(|text| text.split(',').map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()).unwrap_or_default()
}

/// As `many`, each a value of the enum `T`.
pub fn known<T: FromStr<Err = crate::types::text_enum::UnknownValue>>(name: &str, text: Option<&str>) -> Result<Vec<String>, Error> {
    let values = many(text);
    for value in &values {
        T::from_str(value)
            .map_err(|unknown| Error::bad_request("invalid_parameter", format!("'{value}' is no value of {name}: {unknown}")))?;
    }
    Ok(values)
}

/// One value of the enum `T`.
pub fn one<T: FromStr<Err = crate::types::text_enum::UnknownValue>>(name: &str, text: &str) -> Result<T, Error> {
    T::from_str(text).map_err(|unknown| Error::bad_request("invalid_parameter", format!("'{text}' is no value of {name}: {unknown}")))
}

/// As `many`, each parsed.
pub fn parsed<T: FromStr<Err: Display>>(name: &str, text: Option<&str>) -> Result<Vec<T>, Error> {
    let read =
        |value: String| value.parse().map_err(|why| Error::bad_request("invalid_parameter", format!("'{value}' is no {name}: {why}")));
    many(text).into_iter().map(read).collect()
}

/// `None` where a filter names nothing, which narrows nothing.
pub fn any_of<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_by_commas_and_checked() {
        assert_eq!(many(Some("a, b,,c")), ["a", "b", "c"]);
        assert_eq!((many(None), any_of(many(Some(",")))), (vec![], None));
        assert_eq!(any_of(parsed::<u8>("n", Some("1, 2,")).unwrap()), Some(vec![1, 2]));
        assert!(matches!(parsed::<u8>("n", Some("1,x")), Err(Error::BadRequest { code: "invalid_parameter", .. })));
    }
}
