//! Stripe: PaymentIntents and refunds by its HTTP API (docs.stripe.com/api). Forms go in, JSON comes back; every change carries an
//! `Idempotency-Key`.

pub mod amounts;
mod answers;
pub mod signature;

use super::{Intent, NewIntent, PaymentProvider, ProviderDispute, ProviderError, ProviderRefund};
use crate::error::Error;
use crate::types::currency::Currency;
use amounts::to_minor;
use answers::{DisputeAnswer, IntentAnswer, RefundAnswer, RefundList, read, refusal};
use reqwest::{Client, Method, StatusCode};
use rust_decimal::Decimal;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The version of the API that the answers are read by.
const VERSION: &str = "2024-06-20";
/// Well below the outbox's lease, so that no two calls of one operation run at once.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What all accounts share: connections and the threads that wait on them.
#[derive(Clone)]
pub struct StripeApi {
    base: String,
    client: Client,
    runtime: Arc<Runtime>,
}

impl StripeApi {
    /// `base` is `https://api.stripe.com`, or a test's own server.
    pub fn new(base: &str) -> Result<Self, Error> {
        let client = Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build().map_err(Error::internal)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("payment-provider").enable_all().build();
        Ok(Self { base: base.trim_end_matches('/').to_owned(), client, runtime: Arc::new(runtime.map_err(Error::internal)?) })
    }

    /// The account of an API key.
    pub fn account(&self, api_key: &str) -> Stripe {
        Stripe { api: self.clone(), api_key: api_key.to_owned() }
    }
}

/// One Stripe account. Must not be called from an async thread: it waits.
pub struct Stripe {
    api: StripeApi,
    api_key: String,
}

impl Stripe {
    fn send(&self, method: Method, path: &str, form: &[(&str, String)], key: Option<&str>) -> Result<Vec<u8>, ProviderError> {
        let url = format!("{}/v1/{path}", self.api.base);
        let mut request = self.api.client.request(method.clone(), url).bearer_auth(&self.api_key).header("Stripe-Version", VERSION);
        request = if method == Method::GET { request.query(form) } else { request.form(form) };
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let unknown = |error: reqwest::Error| ProviderError::Unknown(error.without_url().to_string());
        let (status, body) = self.api.runtime.block_on(async {
            let response = request.send().await.map_err(unknown)?;
            let status = response.status();
            Ok((status, response.bytes().await.map_err(unknown)?))
        })?;
        if status.is_success() {
            return Ok(body.to_vec());
        }
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                ProviderError::KeyRefused(format!("the provider does not accept the API key ({status}); set another one"))
            }
            // 409: the same idempotency key is under way; 429 and 5xx: later.
            StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => ProviderError::Unknown(format!("the provider answers {status}")),
            _ if status.is_server_error() => ProviderError::Unknown(format!("the provider answers {status}")),
            // What is left says that nothing was done.
            _ => ProviderError::Refused(refusal(status, &body)),
        })
    }

    fn intent(&self, method: Method, path: &str, form: &[(&str, String)], key: Option<&str>) -> Result<Intent, ProviderError> {
        let mut form = form.to_vec();
        form.push(("expand[]", "latest_charge".to_owned()));
        read::<IntentAnswer>(&self.send(method, path, &form, key)?)?.intent()
    }
}

fn minor(amount: Decimal, currency: Currency) -> Result<String, ProviderError> {
    let refused =
        || super::Failure { code: "amount_not_supported".into(), detail: format!("{amount} {currency} cannot be charged exactly") };
    to_minor(amount, currency).map(|minor| minor.to_string()).ok_or_else(|| ProviderError::Refused(refused()))
}

impl PaymentProvider for Stripe {
    fn create(&self, new: &NewIntent<'_>, key: &str) -> Result<Intent, ProviderError> {
        let form = [
            ("amount", minor(new.amount, new.currency)?),
            ("currency", new.currency.code().to_ascii_lowercase()),
            ("capture_method", if new.capture { "automatic" } else { "manual" }.to_owned()),
            ("confirm", "true".to_owned()),
            ("payment_method", new.payment_method.to_owned()),
            ("automatic_payment_methods[enabled]", "true".to_owned()),
            ("automatic_payment_methods[allow_redirects]", "never".to_owned()),
            ("description", new.number.to_owned()),
            ("metadata[payment_id]", new.payment_id.to_owned()),
        ];
        self.intent(Method::POST, "payment_intents", &form, Some(key))
    }

    fn retrieve(&self, reference: &str) -> Result<Intent, ProviderError> {
        self.intent(Method::GET, &format!("payment_intents/{reference}"), &[], None)
    }

    fn capture(&self, reference: &str, amount: Decimal, currency: Currency, last: bool, key: &str) -> Result<Intent, ProviderError> {
        let mut form = vec![("amount_to_capture", minor(amount, currency)?)];
        if !last {
            form.push(("final_capture", "false".to_owned()));
        }
        self.intent(Method::POST, &format!("payment_intents/{reference}/capture"), &form, Some(key))
    }

    fn cancel(&self, reference: &str, key: &str) -> Result<Intent, ProviderError> {
        self.intent(Method::POST, &format!("payment_intents/{reference}/cancel"), &[], Some(key))
    }

    fn refund(
        &self,
        reference: &str,
        amount: Decimal,
        currency: Currency,
        operation_id: &str,
        key: &str,
    ) -> Result<ProviderRefund, ProviderError> {
        let form = [
            ("payment_intent", reference.to_owned()),
            ("amount", minor(amount, currency)?),
            ("metadata[operation_id]", operation_id.to_owned()),
        ];
        read::<RefundAnswer>(&self.send(Method::POST, "refunds", &form, Some(key))?)?.refund()
    }

    fn refunds(&self, reference: &str) -> Result<Vec<ProviderRefund>, ProviderError> {
        let form = [("payment_intent", reference.to_owned()), ("limit", "100".to_owned())];
        let list: RefundList = read(&self.send(Method::GET, "refunds", &form, None)?)?;
        list.data.into_iter().map(RefundAnswer::refund).collect()
    }

    fn dispute(&self, reference: &str) -> Result<ProviderDispute, ProviderError> {
        read::<DisputeAnswer>(&self.send(Method::GET, &format!("disputes/{reference}"), &[], None)?)?.dispute()
    }
}
