-- name: sales_daily
-- description: Sales of each day, with the average of the seven days that end with it
-- needs: gold.daily_sales(transaction_date, total_transactions, total_revenue, unique_customers, avg_transaction_value, total_quantity_sold)
--
-- A day without sales has no row, and counts as zero in the averages of its
-- week. The first six days of all have no average: no whole week lies behind them.
with daily as (
  select
    transaction_date,
    total_transactions,
    total_revenue,
    unique_customers,
    avg_transaction_value,
    total_quantity_sold,
    sum(total_revenue) over (order by transaction_date range between interval '6 days' preceding and current row) as week_revenue,
    min(transaction_date) over () as first_day
  from ${gold}.daily_sales
)
select
  transaction_date,
  total_transactions,
  total_revenue,
  unique_customers,
  avg_transaction_value,
  total_quantity_sold,
  case when datediff('day', first_day, transaction_date) >= 6 then round(week_revenue / 7, 2) end as revenue_7_day_average
from daily
