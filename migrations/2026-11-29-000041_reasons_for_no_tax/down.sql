UPDATE sales_order SET document = regexp_replace(document, ',"exemption_code":(null|"([^"\\]|\\.)*"),"exemption_reason":(null|"([^"\\]|\\.)*")\}', '}', 'g')
WHERE document LIKE '%"exemption_code":%';
