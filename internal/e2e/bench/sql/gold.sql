-- DuckDB's avg of decimals is a double. This is exact, as the sample project has
-- it: six decimals, half away from zero, then two. It is of groups, not of rows.
CREATE TEMP MACRO millionths(total, n) AS ((total * 100)::HUGEINT * 20000 + n) // (2 * n);
CREATE TEMP MACRO average(total, n) AS (((millionths(total, n) + 5000) // 10000)::DECIMAL(16,0) * 0.01)::DECIMAL(18,2);

CREATE TEMP VIEW silver AS
  FROM read_parquet('{{.Lake}}/silver/transactions/{{if .Partitioned}}*/{{end}}*.parquet'{{if .Partitioned}}, hive_types = {'transaction_date': DATE}{{end}});
{{range .Sales}}
COPY (
  SELECT {{.Expr}} AS {{.Name}}, count(*) AS total_transactions, sum(revenue) AS total_revenue,
    count(DISTINCT customer_id) AS unique_customers, average(sum(revenue), count(*)) AS avg_transaction_value,
    sum(quantity)::BIGINT AS total_quantity_sold, TIMESTAMP '{{$.Now}}' AS aggregation_timestamp
  FROM silver WHERE status = 'completed' GROUP BY 1
) TO '{{$.Lake}}/gold/{{.Table}}/rows.parquet' (FORMAT parquet, COMPRESSION snappy);
{{end}}
COPY (
  WITH purchases AS (
    SELECT customer_id, count(*) AS n, sum(revenue) AS total, min(transaction_date) AS first_date, max(transaction_date) AS last_date
    FROM silver WHERE status = 'completed' GROUP BY customer_id
  )
  SELECT customer_id, full_name, customer_segment, coalesce(n, 0) AS total_transactions, total AS total_revenue,
    average(total, n) AS avg_transaction_value, first_date AS first_purchase_date, last_date AS last_purchase_date,
    coalesce(total, 0)::DECIMAL(18,2) AS customer_lifetime_value, TIMESTAMP '{{.Now}}' AS aggregation_timestamp
  FROM read_parquet('{{.Lake}}/silver/customers/*.parquet') LEFT JOIN purchases USING (customer_id)
) TO '{{.Lake}}/gold/customer_analytics/rows.parquet' (FORMAT parquet, COMPRESSION snappy);

COPY (
  SELECT *, TIMESTAMP '{{.Now}}' AS aggregation_timestamp FROM silver
  WHERE ingestion_date = (SELECT max(ingestion_date) FROM silver)
) TO '{{.Lake}}/gold/latest_snapshot/rows.parquet' (FORMAT parquet, COMPRESSION snappy);
