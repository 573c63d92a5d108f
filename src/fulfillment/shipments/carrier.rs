//! Where carriers show the way of a parcel.

/// The public tracking page of a parcel, for the carriers whose address is known. The number is percent-encoded (RFC 3986).
pub fn tracking_url(carrier: &str, tracking_number: Option<&str>) -> Option<String> {
    let number = encoded(tracking_number?);
    let page = match carrier.trim().to_ascii_lowercase().replace([' ', '-', '&'], "_").as_str() {
        "jne" => "https://cekresi.jne.co.id/",
        "jnt" | "j_t" => "https://jet.co.id/track/",
        "sicepat" => "https://www.sicepat.com/checkAwb/",
        "pos_indonesia" => "https://www.posindonesia.co.id/id/tracking/",
        "dhl" => "https://www.dhl.com/global-en/home/tracking.html?tracking-id=",
        "ups" => "https://www.ups.com/track?tracknum=",
        "fedex" => "https://www.fedex.com/fedextrack/?trknbr=",
        "usps" => "https://tools.usps.com/go/TrackConfirmAction?tLabels=",
        "dpd" => "https://tracking.dpd.de/status/en_US/parcel/",
        "gls" => "https://gls-group.com/EU/en/parcel-tracking?match=",
        _ => return None,
    };
    Some(format!("{page}{number}"))
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.trim().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_carriers_have_a_page_and_numbers_cannot_leave_it() {
        let url = |carrier: &str, number: &str| tracking_url(carrier, Some(number));
        assert_eq!(url("jne", "JNE0123").as_deref(), Some("https://cekresi.jne.co.id/JNE0123"));
        assert_eq!(url("Pos Indonesia", "1").as_deref(), Some("https://www.posindonesia.co.id/id/tracking/1"));
        assert_eq!(url("J&T", "1").as_deref(), Some("https://jet.co.id/track/1"));
        assert_eq!(url("UPS", "1Z 9&x=/..").as_deref(), Some("https://www.ups.com/track?tracknum=1Z%209%26x%3D%2F.."));
        assert_eq!(url("own van", "1"), None);
        assert_eq!(tracking_url("jne", None), None);
    }
}
