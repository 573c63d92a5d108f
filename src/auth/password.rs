//! Passwords: what one must be like, and argon2id (RFC 9106) over it with the parameters of the OWASP Password Storage Cheat Sheet.

use crate::error::Error;
use crate::types::fault::Faults;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// OWASP: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Length is what makes a password strong (NIST SP 800-63B): no rules about characters.
pub const MIN_CHARACTERS: usize = 12;
/// Longer ones would only cost time.
const MAX_BYTES: usize = 256;

/// How long a login waits for its turn before it is told to come again.
const WAIT: Duration = Duration::from_secs(10);

/// Faults of a new password at `pointer`; `known` are texts that everybody knows of its owner.
pub fn check_password(faults: &mut Faults, pointer: &str, password: &str, known: &[&str]) {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let guessable =
        known.iter().flat_map(|text| text.split('@')).map(str::to_lowercase).any(|text| text.len() >= 4 && lower.contains(&text));
    let distinct: std::collections::HashSet<char> = password.chars().collect();
    if length < MIN_CHARACTERS {
        faults.add(pointer, "password_too_short", format!("at least {MIN_CHARACTERS} characters; a sentence is easy to remember"));
    } else if password.len() > MAX_BYTES {
        faults.add(pointer, "too_long", format!("at most {MAX_BYTES} bytes"));
    } else if guessable || distinct.len() < 5 {
        faults.add(pointer, "password_guessable", "must not repeat a few characters, nor hold the name or the e-mail address");
    }
}

/// A password for one login, made here: 20 characters that are easy to tell apart, 100 bits.
pub fn one_time_password() -> Result<String, Error> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567892";
    let mut bytes = [0u8; 20];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    Ok(letters.chunks(5).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// Hashes and compares passwords on threads of their own, a few at a time: each takes 19 MiB and some ten milliseconds of a core, and
/// must keep neither the event loop nor the orders waiting.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    /// Its hash with salt and parameters, as it is stored.
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        self.in_turn(move || hash(&password)).await?
    }

    /// Whether the password is the stored one. Without a stored one a hash is computed all the same, so that an account that is not
    /// there takes the time of one that is.
    pub async fn is_right(&self, password: String, stored: Option<String>) -> Result<bool, Error> {
        self.in_turn(move || is_right(&password, stored.as_deref())).await?
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let busy = || Error::unavailable("too many logins at once".to_owned());
        let turn = tokio::time::timeout(WAIT, self.turns.clone().acquire_owned()).await.map_err(|_| busy())?.map_err(|_| busy())?;
        let done = actix_web::web::block(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| Error::unavailable("the server is stopping".to_owned()))
    }
}

fn argon2id() -> Result<Argon2<'static>, Error> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

/// For the command line, which has nobody to keep waiting.
pub fn hash(password: &str) -> Result<String, Error> {
    Ok(argon2id()?.hash_password(password.as_bytes()).map_err(Error::internal)?.to_string())
}

fn is_right(password: &str, stored: Option<&str>) -> Result<bool, Error> {
    let Some(stored) = stored else {
        hash(password)?;
        return Ok(false);
    };
    let stored = PasswordHash::new(stored).map_err(Error::internal)?;
    // The parameters are those of the stored hash, so that they may be raised for new ones.
    Ok(argon2id()?.verify_password(password.as_bytes(), &stored).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_with_the_recommended_parameters_and_a_salt_of_its_own() {
        let (a, b) = (hash("correct horse battery").unwrap(), hash("correct horse battery").unwrap());
        assert!(a.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{a}");
        assert_ne!(a, b);
        assert!(is_right("correct horse battery", Some(&a)).unwrap());
        assert!(!is_right("correct horse batterY", Some(&a)).unwrap());
        assert!(!is_right("correct horse battery", None).unwrap());
        assert!(is_right("x", Some("not a hash")).is_err());
    }

    #[test]
    fn weak_passwords_are_told_why() {
        let code = |password: &str| {
            let mut faults = Faults::new();
            check_password(&mut faults, "/password", password, &["siti@example.com", "Siti Rahma"]);
            faults.into_result().err().map(|faults| faults[0].code.clone()).unwrap_or_default()
        };
        assert_eq!(code("short"), "password_too_short");
        assert_eq!(code(&"ä".repeat(200)), "too_long");
        assert_eq!(code("aaaaaaaaaaaaaaaa"), "password_guessable");
        assert_eq!(code("my name is siti rahma"), "password_guessable");
        assert_eq!(code("kereta api pagi"), "");
    }

    #[test]
    fn one_time_passwords_are_long_and_each_another() {
        let (a, b) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), 23);
        let mut faults = Faults::new();
        check_password(&mut faults, "", &a, &[]);
        assert!(faults.into_result().is_ok());
    }
}
