-- name: bronze_recent
-- description: The latest raw rows, each with the file and the record it came from
-- parameter: since date 2026-01-01 Only rows that came in on this day or later; days before are not read
-- parameter: most integer 100 At most so many rows
with recent as (
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
    status,
    row_number() over (order by ingestion_timestamp desc, source_file, source_row desc) as place
  from ${bronze}.transactions
  where ingestion_date >= :since
)
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
from recent
where place <= :most
order by place
