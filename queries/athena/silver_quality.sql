-- name: silver_quality
-- description: How good the rows are that came each day: clean, with a warning, not good enough
-- parameter: since date 2026-01-01 The first day of ingestion that is shown
--
-- Rows that a newer version of their key replaced are in neither table any more;
-- lineage counts them.
with judged as (
  select 'customers' as dataset, ingestion_date, data_quality_flag as flag from ${silver}.customers
  union all
  select 'transactions' as dataset, ingestion_date, data_quality_flag as flag from ${silver}.transactions
  union all
  select 'customers' as dataset, ingestion_date, 'QUARANTINED' as flag from ${silver}.customers_quarantine
  union all
  select 'transactions' as dataset, ingestion_date, 'QUARANTINED' as flag from ${silver}.transactions_quarantine
)
select
  dataset,
  ingestion_date,
  count(*) as judged_rows,
  sum(case when flag = 'PASSED' then 1 else 0 end) as passed_rows,
  sum(case when flag = 'WARNED' then 1 else 0 end) as warned_rows,
  sum(case when flag = 'QUARANTINED' then 1 else 0 end) as quarantined_rows,
  round(100e0 * sum(case when flag = 'WARNED' then 1 else 0 end) / count(*), 2) as warned_percent,
  round(100e0 * sum(case when flag = 'QUARANTINED' then 1 else 0 end) / count(*), 2) as quarantined_percent
from judged
where ingestion_date >= :since
group by dataset, ingestion_date
order by ingestion_date desc, dataset
