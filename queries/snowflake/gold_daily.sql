-- name: gold_daily
-- description: Sales of each day, with the average of the seven days that end with it
-- parameter: since date 2026-01-01 The first day that is shown
--
-- A day without sales has no row, and counts as zero in the averages of its
-- week; so they are sums of seven days divided by seven. The first six days of
-- all have no average, for they have no whole week behind them.
with daily as (
  select
    transaction_date,
    total_transactions,
    total_revenue,
    unique_customers,
    sum(cast(total_revenue as double)) over (order by transaction_date range between interval '6 days' preceding and current row) as week_revenue,
    min(transaction_date) over () as first_day
  from ${gold}.daily_sales
)
select
  transaction_date,
  total_transactions,
  total_revenue,
  unique_customers,
  case when datediff('day', first_day, transaction_date) >= 6 then round(week_revenue / 7, 2) end as revenue_7_day_average
from daily
where transaction_date >= :since
order by transaction_date
