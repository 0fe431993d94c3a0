-- name: bronze_recent
-- description: The latest raw rows, each with the file and the record it came from
-- parameter: since date 2026-01-01 Only rows that came in on this day or later; days before are not read
select
  ingestion_timestamp,
  source_file,
  source_row,
  transaction_id,
  customer_id,
  product_id,
  transaction_date,
  amount,
  quantity,
  status
from ${bronze}.transactions
where ingestion_date >= :since
order by ingestion_timestamp desc, source_file, source_row desc
limit 100
