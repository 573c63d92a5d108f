//! The Northwind sample, imported as history.

use crate::error::Error;
use std::path::Path;

pub fn import(_database_url: &str, _path: &Path) -> Result<(), Error> {
    Err(Error::internal("not built yet"))
}
