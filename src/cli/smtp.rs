use crate::notices::{SmtpConfig, SmtpTls};
use clap::Args;
use std::time::Duration;

/// The mail server for notices to customers; without one none are sent.
#[derive(Args, Clone)]
pub struct Smtp {
    /// Mail server for notices to customers; none are sent without one
    #[arg(long, env = "PESANAN_SMTP_HOST")]
    smtp_host: Option<String>,
    /// 587 for starttls, 465 for tls and 25 for none, if it is not given
    #[arg(long, env = "PESANAN_SMTP_PORT")]
    smtp_port: Option<u16>,
    /// How the connection is kept private
    #[arg(long, env = "PESANAN_SMTP_TLS", value_enum, default_value_t = SmtpTls::Starttls)]
    smtp_tls: SmtpTls,
    #[arg(long, env = "PESANAN_SMTP_USERNAME")]
    smtp_username: Option<String>,
    #[arg(long, env = "PESANAN_SMTP_PASSWORD", hide_env_values = true)]
    smtp_password: Option<String>,
    /// Seconds that each step of a mail may take
    #[arg(long, env = "PESANAN_SMTP_TIMEOUT", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=60))]
    smtp_timeout: u64,
}

impl Smtp {
    pub fn config(&self) -> Option<SmtpConfig> {
        let port = match self.smtp_tls {
            SmtpTls::Starttls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        };
        Some(SmtpConfig {
            host: self.smtp_host.clone()?,
            port: self.smtp_port.unwrap_or(port),
            tls: self.smtp_tls,
            credentials: self.smtp_username.clone().map(|name| (name, self.smtp_password.clone().unwrap_or_default())),
            timeout: Duration::from_secs(self.smtp_timeout),
        })
    }
}
