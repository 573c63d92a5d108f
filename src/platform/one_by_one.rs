//! Work of a job for many (organizations, orders), each by itself: what fails one keeps nobody else waiting.

use crate::error::Error;
use crate::platform::panics::caught;

/// Works for each and adds up what was done. A failure or panic of one is told after the others have had their turn: the first of
/// them as the error, the others in the log. A broken connection ends the turn, since it concerns everyone.
pub fn one_by_one<T>(subjects: impl IntoIterator<Item = T>, mut work: impl FnMut(T) -> Result<usize, Error>) -> Result<usize, Error> {
    let (mut done, mut failed) = (0, None);
    for subject in subjects {
        match caught(|| work(subject)) {
            Ok(more) => done += more,
            Err(error) if error.is_broken_connection() => return Err(error),
            Err(error) if failed.is_none() => failed = Some(error),
            Err(error) => log::error!("another one of the same job failed: {error}"),
        }
    }
    failed.map_or(Ok(done), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_keeps_no_other_waiting() {
        let mut seen = vec![];
        let outcome = one_by_one(1..=4, |i| {
            seen.push(i);
            match i {
                1 => Err(Error::internal("the first")),
                2 => panic!("the second"),
                _ => Ok(1),
            }
        });
        assert_eq!(seen, [1, 2, 3, 4]);
        assert!(outcome.is_err_and(|error| error.to_string().contains("the first")));
        assert_eq!(one_by_one(1..=4, Ok).unwrap(), 10);
    }
}
