//! What the lists of this feature have in common.

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
    fn a_thing_of_an_order_is_found_by_the_order_in_its_number() {
        assert_eq!(order_numbers(&["SO-000123-F1".into(), "7".into()]), ["SO-000123", "7"]);
    }
}
