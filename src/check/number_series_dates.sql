-- Dates never run backwards within a series. The series of imported history carries the dates it was given.
SELECT organization_id, series, series_number, number, issued_on, issued_on_before
FROM (
  SELECT d.*, lag(issued_on) OVER (PARTITION BY organization_id, series, year ORDER BY series_number) AS issued_on_before
  FROM (
    SELECT i.organization_id, i.series, i.series_number, i.number, i.issued_on,
      CASE WHEN s.year_reset THEN extract(year FROM i.issued_on) END AS year
    FROM (
      SELECT organization_id, series, series_number, number, issued_on FROM invoice
      UNION ALL
      SELECT organization_id, series, series_number, number, issued_on FROM credit_note
    ) i
    JOIN invoice_series s ON s.organization_id = i.organization_id AND s.code = i.series
  ) d
) d
WHERE issued_on < issued_on_before AND series <> 'HIST'
