//! The settings of a channel that takes orders by e-mail.

use super::body::is_host_name;
use crate::platform::reach::{Reach, is_localhost, literal};
use crate::types::absent::null_is_default;
use crate::types::fault::Faults;
use crate::types::text_enum::text_enum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// How the connection to the mailbox is kept private.
    pub enum ImapTls {
        /// TLS from the first byte (port 993).
        Tls = "tls",
        /// Begins in clear and must change to TLS before the login (port 143).
        Starttls = "starttls",
        /// None at all: for a server on the same machine.
        None = "none",
    }
}

text_enum! {
    /// What a mail of a known sender may become whose address nothing proves.
    pub enum UnprovenSenders {
        /// Something for a person to look at.
        Verify = "verify",
        /// An order, where all else is certain: for mailboxes whose server lets no forged sender in.
        Order = "order",
    }
}

/// Settings of a channel of kind `email`. See docs/channels/email.md.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"imap_host": "imap.nusantara-niaga.example", "imap_port": null, "imap_tls": null, "imap_folder": null, "imap_processed_folder": "Orders",
    "trusted_authserv_id": "mx.nusantara-niaga.example", "allowed_domains": ["sumberrejeki.example"], "unproven_senders": null}))]
pub struct MailSettings {
    /// The server of the mailbox that is looked into; none is where there is none.
    #[serde(default)]
    #[schema(example = "imap.nusantara-niaga.example")]
    pub imap_host: Option<String>,
    /// By default 993 with `tls`, else 143.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 65535)]
    pub imap_port: Option<u16>,
    /// `tls` by default.
    #[serde(default)]
    pub imap_tls: Option<ImapTls>,
    /// `INBOX` by default.
    #[serde(default)]
    pub imap_folder: Option<String>,
    /// Where messages are moved to once they are stored; absent, they stay and are marked as seen.
    #[serde(default)]
    pub imap_processed_folder: Option<String>,
    /// The id under which your own mail server writes `Authentication-Results` (RFC 8601). What it says of DMARC proves senders.
    #[serde(default)]
    #[schema(example = "mx.nusantara-niaga.example")]
    pub trusted_authserv_id: Option<String>,
    /// Whoever writes from one of these domains, and proves it, orders for the one customer with an address there.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(max_items = 100)]
    pub allowed_domains: Vec<String>,
    /// `verify` by default.
    #[serde(default)]
    pub unproven_senders: Option<UnprovenSenders>,
}

impl MailSettings {
    pub fn port(&self) -> u16 {
        self.imap_port.unwrap_or(match self.tls() {
            ImapTls::Tls => 993,
            ImapTls::Starttls | ImapTls::None => 143,
        })
    }

    pub fn tls(&self) -> ImapTls {
        self.imap_tls.unwrap_or(ImapTls::Tls)
    }

    pub fn folder(&self) -> &str {
        self.imap_folder.as_deref().unwrap_or("INBOX")
    }

    /// `reach` is how far this process may connect.
    pub fn check(&self, faults: &mut Faults, pointer: &str, reach: Reach) {
        if let Some(host) = &self.imap_host {
            let plain = is_host_name(host) || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
            faults.require(
                plain,
                format!("{pointer}/imap_host"),
                "invalid_host",
                "write the name of the server alone, such as imap.example.com",
            );
            let within = literal(host).map_or_else(|| reach.loopback || !is_localhost(host), |address| reach.allows(address));
            let detail = "this is no public address; mailboxes are looked into on the public internet only";
            faults.require(!plain || within, format!("{pointer}/imap_host"), "private_target", detail);
        }
        faults.require(self.imap_port != Some(0), format!("{pointer}/imap_port"), "out_of_range", "1 to 65535");
        for (field, folder) in [("imap_folder", &self.imap_folder), ("imap_processed_folder", &self.imap_processed_folder)] {
            let plain =
                folder.as_ref().is_none_or(|name| (1..=200).contains(&name.len()) && name.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            faults.require(
                plain,
                format!("{pointer}/{field}"),
                "invalid_folder",
                "1 to 200 printable ASCII characters, others in modified UTF-7 (RFC 3501)",
            );
        }
        let same = self.imap_processed_folder.as_deref().is_some_and(|folder| folder.eq_ignore_ascii_case(self.folder()));
        faults.require(
            !same,
            format!("{pointer}/imap_processed_folder"),
            "invalid_folder",
            "must be another folder than the one that is looked into",
        );
        if let Some(id) = &self.trusted_authserv_id {
            let plain = (1..=253).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
            faults.require(
                plain,
                format!("{pointer}/trusted_authserv_id"),
                "invalid_domain",
                "write the id as it stands before the first semicolon",
            );
        }
        faults.require(self.allowed_domains.len() <= 100, format!("{pointer}/allowed_domains"), "too_many_items", "at most 100 domains");
        for (i, domain) in self.allowed_domains.iter().enumerate() {
            let detail = "write a domain alone, such as sumberrejeki.example";
            faults.require(is_host_name(domain), format!("{pointer}/allowed_domains/{i}"), "invalid_domain", detail);
        }
    }

    /// Domains do not tell case apart; stored, they have none.
    pub fn normalized(mut self) -> Self {
        self.allowed_domains.iter_mut().for_each(|domain| domain.make_ascii_lowercase());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(host: &str, reach: Reach) -> Vec<String> {
        let settings = MailSettings { imap_host: Some(host.to_owned()), ..MailSettings::default() };
        let mut faults = Faults::new();
        settings.check(&mut faults, "/settings/mail", reach);
        faults.into_result().err().unwrap_or_default().into_iter().map(|fault| fault.code.to_string()).collect()
    }

    #[test]
    fn a_mailbox_is_on_the_public_internet() {
        let (inside, trial) = (Reach { loopback: false }, Reach { loopback: true });
        for fine in ["imap.example.com", "8.8.8.8", "2606:4700::1111"] {
            assert_eq!((codes(fine, inside), codes(fine, trial)), (vec![], vec![]), "{fine}");
        }
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost", "mail.localhost"] {
            assert_eq!((codes(here, inside), codes(here, trial)), (vec!["private_target".to_owned()], vec![]), "{here}");
        }
        for private in ["169.254.169.254", "10.1.1.1", "192.168.1.2", "fd00:ec2::254", "::ffff:10.0.0.1", "0.0.0.0"] {
            assert_eq!(codes(private, inside), ["private_target"], "{private}");
            assert_eq!(codes(private, trial), ["private_target"], "{private}");
        }
        assert_eq!(codes("http://imap.example.com", inside), ["invalid_host"]);
    }
}
