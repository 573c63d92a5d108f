//! Orders as bytes: a whole request is made once, and each order only writes its own digits into it.

use crate::demo::chance::Chance;
use std::net::SocketAddr;

/// Which goods the lines of an order name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goods {
    /// Any SKU, each as likely.
    Uniform,
    /// All lines of all orders the same SKU.
    OneSku,
    /// In one order of three the first line is sold out.
    ThirdSoldOut,
    /// Every line of every order is sold out.
    SoldOut,
}

/// How much there is to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    pub skus: u32,
    /// SKUs of which there is next to nothing.
    pub scarce: u32,
    pub customers: u32,
}

const SKU: &str = "SKU-000000";
const KEY_WIDTH: usize = 32;
/// Odd, so that multiplying by it maps no two numbers to one.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The requests of one client.
#[derive(Clone)]
pub struct OrderRequest {
    /// Without and with an external id.
    plain: Form,
    external: Form,
    goods: Goods,
    extent: Extent,
    /// Tells this run's keys from all others'.
    run: u64,
    client: u64,
    /// So many clients send orders of all customers in turn, instead of any customer's.
    in_turn_among: Option<u64>,
}

/// The bytes of a request and where its own digits stand.
#[derive(Clone)]
struct Form {
    bytes: Vec<u8>,
    key: usize,
    external_id: Option<usize>,
    customer: usize,
    purchase_order: usize,
    skus: [usize; 3],
}

impl OrderRequest {
    pub fn new(address: SocketAddr, token: &str, goods: Goods, extent: Extent, run: u64, client: usize) -> Self {
        let form = |external| Form::new(address, token, external);
        Self { plain: form(false), external: form(true), goods, extent, run, client: client as u64, in_turn_among: None }
    }

    /// Orders of one customer after the other, of which every one of so many clients sends its share.
    pub fn in_turn_among(self, clients: usize) -> Self {
        Self { in_turn_among: Some(clients as u64), ..self }
    }

    /// The order with this number; the same number gives the same bytes again. One in four has an external id.
    pub fn write(&mut self, number: u64) -> &[u8] {
        let identity = (self.client << 40) | number;
        let mut chance = Chance::seeded(self.run ^ identity);
        let form = if number.is_multiple_of(4) { &mut self.external } else { &mut self.plain };
        for place in [Some(form.key), form.external_id].into_iter().flatten() {
            write_hex(&mut form.bytes[place..place + KEY_WIDTH / 2], self.run);
            write_hex(&mut form.bytes[place + KEY_WIDTH / 2..place + KEY_WIDTH], identity);
        }
        let customer = match self.in_turn_among {
            Some(clients) => (number * clients + self.client) % u64::from(self.extent.customers.max(1)),
            None => chance.between(0, self.extent.customers.saturating_sub(1)).into(),
        };
        write_decimal(&mut form.bytes[form.customer..form.customer + 12], customer);
        // The buyer's own number is never the same twice, or the order would be held as a possible duplicate.
        write_hex(&mut form.bytes[form.purchase_order..form.purchase_order + 16], self.run.rotate_left(32) ^ identity.wrapping_mul(SPREAD));
        let short = self.goods == Goods::ThirdSoldOut && chance.between(1, 3) == 1;
        for (line, place) in form.skus.into_iter().enumerate() {
            let scarce = self.goods == Goods::SoldOut || (short && line == 0);
            let sku = match self.goods {
                Goods::OneSku => 1,
                Goods::Uniform | Goods::ThirdSoldOut | Goods::SoldOut => {
                    chance.between(1, if scarce { self.extent.scarce } else { self.extent.skus })
                }
            };
            form.bytes[place..place + 3].copy_from_slice(if scarce { b"OUT" } else { b"SKU" });
            write_decimal(&mut form.bytes[place + 4..place + SKU.len()], sku.into());
        }
        &form.bytes
    }
}

impl Form {
    fn new(address: SocketAddr, token: &str, external: bool) -> Self {
        let zeros = "0".repeat(KEY_WIDTH);
        let mut body = String::from("{");
        let external_id = external.then(|| {
            body.push_str("\"external_id\":\"EXT-");
            let place = body.len();
            body.push_str(&zeros);
            body.push_str("\",");
            place
        });
        body.push_str("\"customer_id\":\"0190b000-0000-7000-8000-");
        let customer = body.len();
        body.push_str("000000000000\",\"purchase_order_number\":\"PO-");
        let purchase_order = body.len();
        body.push_str("0000000000000000\",\"shipping\":{\"method\":\"regular\",\"amount\":\"25000.00\"},\"lines\":[");
        let mut skus = [0; 3];
        for (line, place) in skus.iter_mut().enumerate() {
            body.push_str(if line == 0 { "{\"sku\":\"" } else { ",{\"sku\":\"" });
            *place = body.len();
            body.push_str(&format!("{SKU}\",\"quantity\":\"{}\"}}", line % 2 + 1));
        }
        body.push_str("]}");
        let mut bytes = head("POST", "/v1/orders", address, token);
        bytes.push_str("Idempotency-Key: ");
        let key = bytes.len();
        bytes.push_str(&format!("{zeros}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len()));
        let start = bytes.len();
        bytes.push_str(&body);
        Self {
            bytes: bytes.into_bytes(),
            key,
            external_id: external_id.map(|place| start + place),
            customer: start + customer,
            purchase_order: start + purchase_order,
            skus: skus.map(|place| start + place),
        }
    }
}

/// Request line and the headers that every request has.
fn head(method: &str, path: &str, address: SocketAddr, token: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n")
}

/// A request without a body.
pub fn plain(method: &str, path: &str, address: SocketAddr, token: &str) -> Vec<u8> {
    format!("{}\r\n", head(method, path, address, token)).into_bytes()
}

/// A POST of JSON with a key of its own.
pub fn post(path: &str, address: SocketAddr, token: &str, body: &str) -> Vec<u8> {
    let key = uuid::Uuid::new_v4();
    let head = head("POST", path, address, token);
    format!("{head}Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn write_hex(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(value & 15) as usize];
        value >>= 4;
    }
}

fn write_decimal(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::body::NewOrder;
    use std::collections::HashSet;

    const EXTENT: Extent = Extent { skus: 100, scarce: 5, customers: 50 };

    fn request(goods: Goods, client: usize) -> OrderRequest {
        OrderRequest::new("127.0.0.1:8080".parse().unwrap(), "token", goods, EXTENT, 7, client)
    }

    fn body(bytes: &[u8]) -> NewOrder {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length: usize = head.rsplit_once("Content-Length: ").unwrap().1.parse().unwrap();
        assert_eq!(length, body.len());
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn orders_are_whole_and_repeatable_and_no_two_are_the_same() {
        let mut seen = HashSet::new();
        let mut external = 0;
        for client in 0..3 {
            let mut request = request(Goods::Uniform, client);
            for number in 1..=100 {
                let bytes = request.write(number).to_vec();
                let order = body(&bytes);
                assert_eq!(order.lines.len(), 3);
                external += usize::from(order.external_id.is_some());
                assert!(seen.insert(bytes));
            }
            let again = request.write(1).to_vec();
            assert!(seen.contains(&again));
        }
        assert_eq!(external, 75);
    }

    #[test]
    fn goods_are_as_asked() {
        let skus = |goods| {
            let mut request = request(goods, 0);
            (1..=300)
                .map(|number| body(request.write(number)).lines.iter().map(|line| line.sku.clone()).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        assert!(skus(Goods::OneSku).iter().flatten().all(|sku| sku == "SKU-000001"));
        assert!(skus(Goods::SoldOut).iter().flatten().all(|sku| sku.starts_with("OUT-00000")));
        let third = skus(Goods::ThirdSoldOut).iter().filter(|lines| lines[0].starts_with("OUT-")).count();
        assert!((70..130).contains(&third), "{third}");
        assert!(skus(Goods::Uniform).iter().flatten().all(|sku| sku.starts_with("SKU-")));
    }
}
