//! Reading the filters of a list: many values by comma. A value that holds a comma stands in double quotes, with each quote in it
//! doubled, as in a row of CSV (RFC 4180 §2).

use crate::error::Error;
use crate::events::catalogue;
use crate::types::id::NotAnId;
use crate::types::text::is_code;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use uuid::Uuid;

/// Values separated by comma: `a,"b,c"` are `a` and `b,c`. A quote that no other one closes is a character like any other.
pub fn many(text: Option<&str>) -> Vec<String> {
    let (mut values, mut rest) = (vec![], text.unwrap_or_default().trim_start());
    while !rest.is_empty() {
        let (value, after) = quoted(rest).unwrap_or_else(|| {
            let (value, after) = rest.split_once(',').unwrap_or((rest, ""));
            (value.trim_end().to_owned(), after)
        });
        if !value.is_empty() {
            values.push(value);
        }
        rest = after.trim_start();
    }
    values
}

/// The value in quotes that `text` begins with, and what follows its comma; `None` where the quotes are not closed right before one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut rest) = (String::new(), text.strip_prefix('"')?);
    loop {
        let (part, after) = rest.split_once('"')?;
        value.push_str(part);
        rest = after;
        match rest.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => break,
        }
    }
    let rest = rest.trim_start();
    if rest.is_empty() { Some((value, rest)) } else { rest.strip_prefix(',').map(|after| (value, after)) }
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
    let refuse = |value: &str, why| Error::bad_request("invalid_parameter", format!("'{value}' is no value of {name}: {why}"));
    many(text).into_iter().map(|value| value.parse().map_err(|why| refuse(&value, why))).collect()
}

/// As `many`, each an id of whatever there is.
pub fn ids(name: &str, text: Option<&str>) -> Result<Vec<Uuid>, Error> {
    let read = |value: String| {
        value.parse().map_err(|_| Error::bad_request("invalid_parameter", format!("'{value}' is no value of {name}: {NotAnId}")))
    };
    many(text).into_iter().map(read).collect()
}

/// As `many`, each a type of event of the catalogue: a slip would find nothing for ever.
pub fn event_types(name: &str, text: Option<&str>) -> Result<Vec<String>, Error> {
    let types = many(text);
    match types.iter().find(|known| catalogue::find(known).is_none()) {
        Some(unknown) => {
            let detail = format!("'{unknown}' is no value of {name}: GET /v1/event_types lists the types that there are");
            Err(Error::bad_request("invalid_parameter", detail))
        }
        None => Ok(types),
    }
}

/// `None` where a filter names nothing, which narrows nothing.
pub fn any_of<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

/// Takes the parameters `external_ids.<system>` out of a query, whose names cannot be known beforehand.
pub fn take_external_ids(query: &str) -> Result<(BTreeMap<String, String>, String), Error> {
    let Ok(pairs) = serde_urlencoded::from_str::<Vec<(String, String)>>(query) else {
        return Ok((BTreeMap::new(), query.to_owned()));
    };
    let (mut external_ids, mut rest) = (BTreeMap::new(), vec![]);
    for (name, value) in pairs {
        match name.strip_prefix("external_ids.") {
            Some(system) if is_code(system) => {
                if value.contains('\0') {
                    return Err(Error::bad_request("invalid_parameter", "U+0000 is not allowed anywhere"));
                }
                if external_ids.insert(system.to_owned(), value).is_some() {
                    return Err(Error::bad_request("unknown_parameter", format!("'{name}' is given more than once")));
                }
            }
            Some(_) => return Err(Error::bad_request("unknown_parameter", format!("'{name}' names no system"))),
            None => rest.push((name, value)),
        }
    }
    // An empty value means "not filtered".
    external_ids.retain(|_, value| !value.is_empty());
    Ok((external_ids, serde_urlencoded::to_string(rest).map_err(Error::internal)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_was_stored_can_be_asked_for(values in proptest::collection::vec("[a,\" x]{1,8}", 1..4)) {
            let text: Vec<String> = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\""))).collect();
            prop_assert_eq!(many(Some(&text.join(","))), values);
        }

        #[test]
        fn nothing_is_lost_without_quotes(values in proptest::collection::vec("[a-z]{1,5}", 0..4)) {
            prop_assert_eq!(many(Some(&values.join(" , "))), values);
        }
    }

    #[test]
    fn values_are_separated_by_commas_and_checked() {
        assert_eq!(many(Some("a, b,,c")), ["a", "b", "c"]);
        assert_eq!(many(Some(r#""A,1", b ,"say ""hi"", you","#)), ["A,1", "b", r#"say "hi", you"#]);
        assert_eq!(many(Some(r#"5" pipe,"open,"x"y,""," ""#)), [r#"5" pipe"#, r#""open"#, r#""x"y"#, " "]);
        assert_eq!((many(None), any_of(many(Some(",")))), (vec![], None));
        assert_eq!(any_of(parsed::<u8>("n", Some("1, 2,")).unwrap()), Some(vec![1, 2]));
        assert!(matches!(parsed::<u8>("n", Some("1,x")), Err(Error::BadRequest { code: "invalid_parameter", .. })));
    }

    #[test]
    fn external_ids_are_taken_out_of_the_query() {
        let (ids, rest) = take_external_ids("q=a%20b&external_ids.hubspot=9%2B1&limit=5&external_ids.erp=").unwrap();
        assert_eq!(ids, BTreeMap::from([("hubspot".to_owned(), "9+1".to_owned())]));
        assert_eq!(rest, "q=a+b&limit=5");
    }

    #[test]
    fn repeated_and_nameless_systems_are_refused() {
        for query in ["external_ids.a=1&external_ids.a=2", "external_ids.=1", "external_ids.a b=1", "external_ids.a=%00"] {
            assert!(matches!(take_external_ids(query), Err(Error::BadRequest { .. })), "{query}");
        }
        assert_eq!(take_external_ids("external_id.a=1").unwrap().1, "external_id.a=1");
    }
}
