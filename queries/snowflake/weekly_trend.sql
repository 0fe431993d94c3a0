-- name: weekly_trend
-- description: Sales of each whole week, against the week before
-- parameter: since date 2026-01-01 The first day that a week may begin
--
-- A week is whole if the transactions begin before it or on its Monday, and end
-- on its Sunday or later: half a week against a whole one says nothing. Where the
-- week before has no sales there is nothing to compare with, so the gap stays one.
with span as (
  select min(transaction_date) as first_day, max(transaction_date) as last_day
  from ${silver}.transactions
), weekly as (
  select
    w.week_start,
    w.total_transactions,
    w.total_revenue,
    w.unique_customers,
    lag(w.week_start) over (order by w.week_start) as week_before,
    lag(w.total_revenue) over (order by w.week_start) as revenue_before
  from ${gold}.weekly_sales w
  cross join span s
  where w.week_start >= s.first_day
    and dateadd('day', 6, w.week_start) <= s.last_day
), compared as (
  select
    week_start,
    total_transactions,
    total_revenue,
    unique_customers,
    case when datediff('day', week_before, week_start) = 7 then revenue_before end as previous_revenue
  from weekly
)
select
  week_start,
  total_transactions,
  total_revenue,
  unique_customers,
  previous_revenue,
  total_revenue - previous_revenue as revenue_change,
  round(100e0 * cast(total_revenue - previous_revenue as double) / nullif(cast(previous_revenue as double), 0), 1) as revenue_change_percent
from compared
where week_start >= :since
order by week_start
