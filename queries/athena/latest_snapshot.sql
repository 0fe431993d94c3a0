-- name: latest_snapshot
-- description: What the most recent ingestion brought, by status, with the share of its revenue
select
  ingestion_date,
  status,
  count(*) as transactions,
  count(distinct customer_id) as customers,
  sum(quantity) as quantity,
  sum(revenue) as revenue,
  round(100e0 * cast(sum(revenue) as double) / nullif(cast(sum(sum(revenue)) over () as double), 0), 1) as revenue_percent,
  sum(case when data_quality_flag = 'WARNED' then 1 else 0 end) as warned_rows,
  min(transaction_date) as first_day,
  max(transaction_date) as last_day
from ${gold}.latest_snapshot
group by ingestion_date, status
order by revenue desc nulls last, status nulls last
