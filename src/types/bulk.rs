//! What becomes of each row of a call that brings many.

use crate::types::text_enum::text_enum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What became of one row.
    pub enum BulkOutcome {
        Created = "created",
        Updated = "updated",
        /// It says what was there.
        Unchanged = "unchanged",
        /// Its `source_version` is not newer than the last one taken: ignored.
        Late = "late",
    }
}

text_enum! {
    /// What a bulk call answers.
    pub enum BulkAnswer {
        /// The rows as they are now.
        Rows = "rows",
        /// One word for each row, and the counts.
        Outcomes = "outcomes",
    }
}

/// How a bulk call is to be answered.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BulkQuery {
    /// `rows` (default): the rows as they are now. `outcomes`, for calls of many thousands: `{created_count, updated_count,
    /// unchanged_count, late_count, outcomes: ["created", "late", …]}`, one word for each row in their order.
    #[param(inline)]
    pub answer: Option<BulkAnswer>,
}

impl BulkQuery {
    pub fn wants_outcomes(self) -> bool {
        self.answer == Some(BulkAnswer::Outcomes)
    }
}

/// What became of the rows of a call, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"created_count": 1, "updated_count": 1, "unchanged_count": 0, "late_count": 1, "outcomes": ["created", "updated", "late"]}))]
pub struct BulkOutcomes {
    pub created_count: usize,
    pub updated_count: usize,
    pub unchanged_count: usize,
    pub late_count: usize,
    pub outcomes: Vec<BulkOutcome>,
}

impl BulkOutcomes {
    pub fn of(outcomes: Vec<BulkOutcome>) -> Self {
        let count = |wanted: BulkOutcome| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        Self {
            created_count: count(BulkOutcome::Created),
            updated_count: count(BulkOutcome::Updated),
            unchanged_count: count(BulkOutcome::Unchanged),
            late_count: count(BulkOutcome::Late),
            outcomes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_counted_once() {
        use BulkOutcome::{Created, Late, Unchanged, Updated};
        let told = BulkOutcomes::of(vec![Created, Late, Updated, Late, Unchanged]);
        assert_eq!((told.created_count, told.updated_count, told.unchanged_count, told.late_count), (1, 1, 1, 2));
    }
}
