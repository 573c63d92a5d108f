//! One way to write an enum whose values are text in SQL and JSON.

/// Declares a fieldless enum with the text of each value: `as_str`, `ALL`, `Display`, `FromStr`, serde, diesel `Text` and
/// the OpenAPI schema all come from that one list. The texts are `snake_case`, as api.md §1 asks.
///
/// ```ignore
/// text_enum! {
///     /// What the colour is for.
///     pub enum Colour {
///         Red = "red",
///         DarkBlue = "dark_blue",
///     }
/// }
/// ```
macro_rules! text_enum {
    ($(#[$doc:meta])* $visibility:vis enum $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:tt),* $(,)? }) => {
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema,
        )]
        $(#[$doc])*
        #[diesel(sql_type = diesel::sql_types::Text)]
        $visibility enum $name {
            $($(#[$value_doc])* #[schema(rename = $text)] $value),*
        }

        impl $name {
            /// Every value, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];

            /// The text in SQL and JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text),*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::types::text_enum::UnknownValue;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$value),)*
                    _ => Err($crate::types::text_enum::UnknownValue { allowed: &[$($text),*] }),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|unknown| serde::de::Error::custom(format_args!("unknown_value|{unknown}")))
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = std::str::from_utf8(bytes.as_bytes())?;
                text.parse().map_err(|_| format!("not a {}: {text}", stringify!($name)).into())
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg>>::to_sql(self.as_str(), out)
            }
        }
    };
}

pub(crate) use text_enum;

/// A text that is none of an enum's values; says which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    pub allowed: &'static [&'static str],
}

impl std::fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "use one of {}", self.allowed.join(", "))
    }
}

impl std::error::Error for UnknownValue {}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    text_enum! {
        /// What the colour is for.
        pub enum Colour {
            Red = "red",
            /// As deep as the sea.
            DarkBlue = "dark_blue",
        }
    }

    #[test]
    fn one_list_gives_text_json_and_schema() {
        for &colour in Colour::ALL {
            assert_eq!(colour.as_str().parse(), Ok(colour));
            let json = serde_json::to_string(&colour).unwrap();
            assert_eq!(json, format!("\"{colour}\""));
            assert_eq!(serde_json::from_str::<Colour>(&json).unwrap(), colour);
        }
        let schema = serde_json::to_value(Colour::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::json!(["red", "dark_blue"]));
        assert_eq!(schema["type"], "string");
    }

    #[test]
    fn an_unknown_value_names_the_known_ones() {
        let error = serde_json::from_str::<Colour>("\"green\"").unwrap_err().to_string();
        assert!(error.starts_with("unknown_value|use one of red, dark_blue"), "{error}");
        assert!(serde_json::from_str::<Colour>("1").is_err());
    }
}
