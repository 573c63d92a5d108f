-- Invoice and credit-note numbers: within a series (and a year of it, where it starts anew each year) no gap and no
-- duplicate from the first to the one before the next; the series exists and is of the document's kind. The series of imported history
-- never starts anew.
WITH document AS (
  SELECT organization_id, series, 'invoice' AS kind, series_number, issued_on FROM invoice
  UNION ALL
  SELECT organization_id, series, 'credit_note', series_number, issued_on FROM credit_note
), run AS (
  SELECT d.organization_id, d.series, d.kind, s.kind AS series_kind, s.next_number,
    CASE WHEN s.anew THEN extract(year FROM d.issued_on)::int END AS year,
    NOT s.anew OR extract(year FROM d.issued_on)::int = s.year AS is_current,
    min(d.series_number) AS first, max(d.series_number) AS last, count(*) AS documents, count(DISTINCT d.series_number) AS numbers
  FROM document d
  LEFT JOIN (SELECT *, year_reset AND code <> 'HIST' AS anew FROM invoice_series) s ON s.organization_id = d.organization_id AND s.code = d.series
  GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT organization_id, series, kind, series_kind, year, first, last, documents, numbers, next_number
FROM run
WHERE series_kind IS DISTINCT FROM kind
  OR documents <> numbers
  OR numbers <> last - first + 1
  OR (is_current AND last <> next_number - 1)
