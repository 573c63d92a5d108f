-- The company of a CRM is looked for by its tax number, however either side writes it.
CREATE INDEX customer_by_tax_id ON customer (organization_id, upper(regexp_replace(tax_id, '[\s./-]', '', 'g'))) WHERE tax_id IS NOT NULL;
