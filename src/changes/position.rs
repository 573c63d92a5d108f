//! Where somebody stands.

use crate::error::Error;
use crate::types::page::{encode_cursor, page_after};
use chrono::{DateTime, SecondsFormat, Utc};

/// The moment at which a poll began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The oldest transaction that was under way.
    pub oldest: i64,
    /// Nothing that it, or a later one, has written is dated before.
    pub from: DateTime<Utc>,
}

impl Moment {
    /// Before everything.
    pub fn beginning() -> Self {
        Self { oldest: 0, from: DateTime::<Utc>::UNIX_EPOCH }
    }
}

/// A poll: what is told is what was written since `since`; where it is under way, when it began and the last row that it has met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Whose transactions its moments count; none at the beginning, which is the same everywhere.
    pub database: Option<String>,
    pub since: Moment,
    pub under_way: Option<(Moment, Vec<String>)>,
}

impl Position {
    pub fn beginning() -> Self {
        Self { database: None, since: Moment::beginning(), under_way: None }
    }

    /// `kind` is what the position is bound to.
    pub fn encode(&self, kind: &str) -> String {
        let mut parts = vec![self.database.clone().unwrap_or_default()];
        parts.extend(written(self.since));
        if let Some((began, after)) = &self.under_way {
            parts.extend(written(*began));
            parts.extend(after.iter().cloned());
        }
        encode_cursor(&name(kind, parts.len()), &parts)
    }

    /// A position whose rows have keys of so many parts; 400 `invalid_cursor` for any other.
    pub fn read(text: &str, kind: &str, parts: usize) -> Result<Self, Error> {
        let settled = page_after(Some(text), &name(kind, 3), 3);
        let read = match settled {
            Ok(Some(key)) => of(&key),
            Ok(None) | Err(_) => {
                let key = page_after(Some(text), &name(kind, 5 + parts), 5 + parts)?.unwrap_or_default();
                let began = key.get(3..5).and_then(moment);
                key.get(..3).and_then(of).zip(began).map(|(of, began)| Self { under_way: Some((began, key[5..].to_vec())), ..of })
            }
        };
        read.ok_or(Error::bad_request("invalid_cursor", "take it from next_cursor"))
    }
}

/// A position between two polls.
fn of(parts: impl AsRef<[String]>) -> Option<Position> {
    let [database, since @ ..] = parts.as_ref() else { return None };
    Some(Position { database: Some(database.clone()), since: moment(since)?, under_way: None })
}

fn name(kind: &str, parts: usize) -> String {
    format!("changes of {kind} {parts}")
}

fn written(moment: Moment) -> [String; 2] {
    [moment.oldest.to_string(), moment.from.to_rfc3339_opts(SecondsFormat::Micros, true)]
}

fn moment(parts: impl AsRef<[String]>) -> Option<Moment> {
    let [oldest, from] = parts.as_ref() else { return None };
    Some(Moment { oldest: oldest.parse().ok()?, from: from.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_and_no_other() {
        let since = Moment { oldest: 7, from: "2026-03-02T02:00:00.123456Z".parse().unwrap() };
        let database = Some("7.1.5".to_owned());
        let settled = Position { database: database.clone(), since, under_way: None };
        let under_way =
            Position { database, since, under_way: Some((Moment { oldest: 9, ..since }, vec!["a".to_owned(), "b".to_owned()])) };
        for position in [&settled, &under_way] {
            assert_eq!(Position::read(&position.encode("orders"), "orders", 2).unwrap(), *position);
            assert!(Position::read(&position.encode("orders"), "products", 2).is_err());
        }
        assert!(Position::read(&under_way.encode("orders"), "orders", 1).is_err());
        assert!(Position::read("garbage", "orders", 2).is_err());
    }
}
