use serde::Serialize;
use utoipa::ToSchema;

/// One stretch of what has changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Changes<T> {
    /// As they are now. May be empty although more follows.
    pub data: Vec<T>,
    /// Where to go on, never null: keep it with what you have made of the rows, and pass it as `after` next time, at once if
    /// `has_more`, else after a while.
    #[schema(example = "eyJmIjoxLCJrIjpbXX0")]
    pub next_cursor: String,
    /// Whether more is waiting already.
    pub has_more: bool,
}
