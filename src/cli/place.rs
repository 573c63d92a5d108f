//! Where a command finds its database. What is said on the command line goes before the environment: whoever has the variable of a server
//! set in a shell, and names a folder, means the folder.

use std::path::PathBuf;

/// Names the database of a server.
pub const VARIABLE: &str = "PESANAN_DATABASE_URL";

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a server; `--database-url` says so.
    Url(String),
    /// On a server; the environment says so.
    Environment(String),
    /// In a private Postgres.
    Folder(PathBuf),
}

impl Place {
    /// `None` where nothing says which. `url` goes before `folder`, for a command that takes both.
    pub fn choose(url: Option<String>, folder: Option<PathBuf>, environment: Option<String>) -> Option<Self> {
        let of_environment = environment.filter(|url| !url.is_empty()).map(Self::Environment);
        url.map(Self::Url).or_else(|| folder.map(Self::Folder)).or(of_environment)
    }

    /// In words, without the secrets of a URL.
    pub fn told(&self) -> String {
        match self {
            Self::Url(_) => "that of --database-url".to_owned(),
            Self::Environment(_) => format!("that of {VARIABLE} (give --data-dir for a private Postgres)"),
            Self::Folder(folder) => format!("a private Postgres in {}", folder.display()),
        }
    }
}

/// What the environment says.
pub fn environment() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_goes_before_the_environment() {
        let (url, folder) = (|text: &str| Some(text.to_owned()), |path: &str| Some(PathBuf::from(path)));
        assert_eq!(Place::choose(url("a"), None, url("e")), Some(Place::Url("a".into())));
        assert_eq!(Place::choose(None, folder("d"), url("e")), Some(Place::Folder("d".into())));
        assert_eq!(Place::choose(url("a"), folder("d"), url("e")), Some(Place::Url("a".into())));
        assert_eq!(Place::choose(None, None, url("e")), Some(Place::Environment("e".into())));
        assert_eq!((Place::choose(None, None, url("")), Place::choose(None, None, None)), (None, None));
    }

    #[test]
    fn no_secret_of_a_url_is_told() {
        for place in [Place::Url("postgres://a:secret@b/c".into()), Place::Environment("postgres://a:secret@b/c".into())] {
            assert!(!place.told().contains("secret"));
        }
    }
}
