//! What a mail server says of DMARC in `Authentication-Results` (RFC 8601 §2.2). Parts of that header are the sender's own words (the
//! address of the envelope, in a value or in a comment), so it is read by its grammar, and nothing is believed of one that does not
//! follow it: half a header proves nobody.

/// A longer one has been cut, or is a trick.
const LONGEST: usize = 8 * 1024;
/// Comments within comments (RFC 5322 §3.2.2).
const DEEPEST: usize = 10;

/// What an `Authentication-Results` header says of DMARC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// `None` where not even that can be read.
    pub server: Option<String>,
    /// `pass`, `fail`, `none` …; [`UNREADABLE`] where the header does not follow its grammar or has two results of DMARC.
    pub dmarc: String,
    /// The domain that was looked at (`header.from`), in lower case.
    pub domain: Option<String>,
}

/// No result that a server can tell.
pub const UNREADABLE: &str = "unreadable";

impl Authentication {
    /// Reads the value of such a header; `None` where no server has put its id to it, so that it is nobody's word.
    pub fn read(value: &str) -> Option<Self> {
        let mut reader = Reader { rest: value };
        let server = match reader.server() {
            Ok(server) => server?,
            Err(Garbled) => return Some(Self { server: None, dmarc: UNREADABLE.to_owned(), domain: None }),
        };
        let server = Some(server);
        if value.len() > LONGEST {
            return Some(Self { server, dmarc: UNREADABLE.to_owned(), domain: None });
        }
        Some(match reader.results() {
            Ok(Some((dmarc, domain))) => Self { server, dmarc, domain },
            Ok(None) => Self { server, dmarc: "none".to_owned(), domain: None },
            Err(Garbled) => Self { server, dmarc: UNREADABLE.to_owned(), domain: None },
        })
    }

    /// Whether it says that mails of this domain are from it.
    pub fn proves(&self, domain: &str) -> bool {
        self.dmarc == "pass" && self.domain.as_deref() == Some(domain)
    }
}

/// The word of this server among those of a mail, topmost first. Only its topmost one counts: those below may be the sender's own. Behind
/// one that cannot be read at all there is none.
pub fn of_server<'a>(all: &'a [Authentication], server: &str) -> Option<&'a Authentication> {
    let told = all.iter().find(|told| told.server.as_ref().is_none_or(|known| known.eq_ignore_ascii_case(server)));
    told.filter(|told| told.server.is_some())
}

/// It does not follow the grammar.
#[derive(Debug)]
struct Garbled;

struct Reader<'a> {
    rest: &'a str,
}

/// What a name may be made of: `dmarc`, `header.from`, `dmarc/1`.
fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/')
}

/// What an unquoted value may be made of: more than the token of RFC 2045, since servers write addresses and signatures bare.
fn is_of_value(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, ';' | '(' | ')' | '"' | '\\' | char::REPLACEMENT_CHARACTER)
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn take_while(&mut self, is_of_it: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !is_of_it(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Space and comments (CFWS). A quote in a comment is garbled: by the grammar it means nothing there, but where a server has put an
    /// address into it, that address is not what it seems.
    fn skip(&mut self) -> Result<(), Garbled> {
        let mut depth = 0;
        loop {
            match self.peek() {
                Some('(') if depth < DEEPEST => depth += 1,
                Some(')') if depth > 0 => depth -= 1,
                Some('\\') if depth > 0 => {
                    self.next();
                    if self.peek().is_none_or(char::is_control) {
                        return Err(Garbled);
                    }
                }
                Some('"' | '(') if depth > 0 => return Err(Garbled),
                Some(c) if c == ' ' || c == '\t' || depth > 0 && !c.is_control() => {}
                _ if depth > 0 => return Err(Garbled),
                _ => return Ok(()),
            }
            self.next();
        }
    }

    /// Unquoted and quoted parts with no space between them (`"x y"@seller.example`), without their quotes.
    fn value(&mut self) -> Result<String, Garbled> {
        let mut value = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.next();
                    loop {
                        match self.next().ok_or(Garbled)? {
                            '"' => break,
                            '\\' => value.push(self.next().filter(|c| !c.is_control()).ok_or(Garbled)?),
                            c if c != '\t' && c.is_control() || c == char::REPLACEMENT_CHARACTER => return Err(Garbled),
                            c => value.push(c),
                        }
                    }
                }
                Some(c) if is_of_value(c) => value.push_str(self.take_while(is_of_value)),
                _ => return Ok(value),
            }
        }
    }

    /// The id of the server, with the version behind it; `None` where the header begins with a result at once, as some write it.
    fn server(&mut self) -> Result<Option<String>, Garbled> {
        self.skip()?;
        let server = self.value()?;
        self.skip()?;
        let version = self.take_while(|c| c.is_ascii_digit());
        self.skip()?;
        match self.peek() {
            Some(';') | None if !server.is_empty() && !server.contains('=') => Ok(Some(server)),
            _ if server.contains('=') || version.is_empty() && self.peek() == Some('=') => Ok(None),
            _ => Err(Garbled),
        }
    }

    /// All results, each behind a semicolon: what that of DMARC is and for which domain.
    fn results(&mut self) -> Result<Option<(String, Option<String>)>, Garbled> {
        let mut dmarc = None;
        while self.next().is_some_and(|c| c == ';') {
            self.skip()?;
            if matches!(self.peek(), Some(';') | None) {
                continue;
            }
            let method = self.take_while(is_of_name).to_ascii_lowercase();
            self.skip()?;
            if method == "none" && matches!(self.peek(), Some(';') | None) {
                continue;
            }
            let result = self.behind_equals()?;
            let is_dmarc = method.split('/').next() == Some("dmarc");
            let mut domains = vec![];
            self.skip()?;
            while !matches!(self.peek(), Some(';') | None) {
                let name = self.take_while(is_of_name).to_ascii_lowercase();
                let value = self.behind_equals()?;
                if name.is_empty() {
                    return Err(Garbled);
                }
                if name == "header.from" {
                    domains.push(value.to_lowercase());
                }
                self.skip()?;
            }
            if method.is_empty() || is_dmarc && (dmarc.is_some() || domains.len() > 1) {
                return Err(Garbled);
            }
            if is_dmarc {
                dmarc = Some((result.to_ascii_lowercase(), domains.pop()));
            }
        }
        Ok(dmarc)
    }

    fn behind_equals(&mut self) -> Result<String, Garbled> {
        self.skip()?;
        if self.next() != Some('=') {
            return Err(Garbled);
        }
        self.skip()?;
        self.value()
    }
}

#[cfg(test)]
mod tests;
