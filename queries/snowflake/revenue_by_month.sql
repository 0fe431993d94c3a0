-- name: revenue_by_month
-- description: Revenue of each month, against the month before, and since the year began
-- parameter: since date 2026-01-01 The first month that is shown
--
-- The first and the last month may be half ones: first_day and last_day say which
-- days of a month have sales.
with days as (
  select
    date_trunc('month', transaction_date) as month_start,
    min(transaction_date) as first_day,
    max(transaction_date) as last_day
  from ${gold}.daily_sales
  group by date_trunc('month', transaction_date)
), monthly as (
  select
    m.month_start,
    d.first_day,
    d.last_day,
    m.total_transactions,
    m.total_revenue,
    m.unique_customers,
    lag(m.month_start) over (order by m.month_start) as month_before,
    lag(m.total_revenue) over (order by m.month_start) as revenue_before,
    sum(m.total_revenue) over (partition by year(m.month_start) order by m.month_start rows between unbounded preceding and current row) as revenue_of_year
  from ${gold}.monthly_sales m
  join days d on d.month_start = m.month_start
), compared as (
  select
    month_start,
    first_day,
    last_day,
    total_transactions,
    total_revenue,
    unique_customers,
    case when datediff('month', month_before, month_start) = 1 then revenue_before end as previous_revenue,
    revenue_of_year
  from monthly
)
select
  month_start,
  first_day,
  last_day,
  total_transactions,
  total_revenue,
  unique_customers,
  previous_revenue,
  round(100e0 * cast(total_revenue - previous_revenue as double) / nullif(cast(previous_revenue as double), 0), 1) as revenue_change_percent,
  revenue_of_year
from compared
where month_start >= date_trunc('month', :since)
order by month_start
