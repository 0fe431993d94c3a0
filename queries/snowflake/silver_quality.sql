-- name: silver_quality
-- description: How good the rows are that came each day: clean, or with a warning
-- parameter: since date 2026-01-01 The first day of ingestion that is shown
--
-- Snowflake has no tables of rows that are not good enough: lakectl quarantine
-- shows those, and this question on another engine counts them.
with judged as (
  select 'customers' as dataset, ingestion_date, data_quality_flag as flag from ${silver}.customers
  union all
  select 'transactions' as dataset, ingestion_date, data_quality_flag as flag from ${silver}.transactions
)
select
  dataset,
  ingestion_date,
  count(*) as judged_rows,
  sum(case when flag = 'PASSED' then 1 else 0 end) as passed_rows,
  sum(case when flag = 'WARNED' then 1 else 0 end) as warned_rows,
  round(100e0 * sum(case when flag = 'WARNED' then 1 else 0 end) / count(*), 2) as warned_percent
from judged
where ingestion_date >= :since
group by dataset, ingestion_date
order by ingestion_date desc, dataset
