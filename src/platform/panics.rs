//! A panic of one piece of work is an error of that piece and ends nothing else.

use crate::error::Error;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; a panic comes back as an internal error that tells its message. Whatever `work` has left half done must not be used
/// again; a connection that is dropped by the panic is closed by its pool.
pub fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

/// What `catch_unwind` caught, as an internal error.
pub fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format!("panic: {}", text.unwrap_or("without a message")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        assert_eq!(caught(|| Ok(7)).unwrap(), 7);
        for told in [caught::<()>(|| panic!("plain")), caught::<()>(|| panic!("{}", "plain".to_owned()))] {
            assert!(told.unwrap_err().to_string().contains("plain"));
        }
        assert!(caught::<()>(|| std::panic::panic_any(7)).is_err());
    }
}
