use super::writer::Writer;

#[test]
fn whatever_is_said_stays_text() {
    let written = Writer::document("OrderResponse", |writer| {
        writer.leaf("cbc:Note", "a < b & \"c\"\u{0} </cbc:Note>");
        writer.leaf_if("cbc:Note", Some("  "));
        writer.within("cac:Party", |writer| writer.leaf_of("cbc:EndpointID", "schemeID", "0088\"", "1"));
    });
    assert!(written.contains("<cbc:Note>a &lt; b &amp; &quot;c&quot; &lt;/cbc:Note&gt;</cbc:Note>"));
    assert_eq!(written.matches("<cbc:Note>").count(), 1);
    assert!(written.contains("schemeID=\"0088&quot;\""));
    assert!(written.starts_with("<?xml") && written.contains("xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2\""));
}
