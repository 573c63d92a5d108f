-- Rows of a tax breakdown say why they are not taxed. Orders of before show none, but show the members, for their text is copied.
UPDATE sales_order SET document = regexp_replace(document, '("tax_amount":"-?[0-9.]+")\}', '\1,"exemption_code":null,"exemption_reason":null}', 'g')
WHERE document NOT LIKE '%"exemption_code":%';
