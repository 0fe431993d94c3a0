-- name: sales_trend
-- description: Sales of each week against the week before; a week without one before it has no change
-- needs: gold.weekly_sales(week_start, total_transactions, total_revenue, unique_customers)
--
-- The week that is not over has no change, for half a week against a whole one
-- says nothing.
with weekly as (
  select
    week_start,
    total_transactions,
    total_revenue,
    unique_customers,
    lag(week_start) over (order by week_start) as week_before,
    lag(total_revenue) over (order by week_start) as revenue_before
  from ${gold}.weekly_sales
), compared as (
  select
    week_start,
    total_transactions,
    total_revenue,
    unique_customers,
    dateadd('day', 7, week_start) <= current_date() as is_complete,
    case when week_before = dateadd('day', -7, week_start) then revenue_before end as revenue_before
  from weekly
)
select
  week_start,
  is_complete,
  total_transactions,
  total_revenue,
  unique_customers,
  revenue_before as previous_week_revenue,
  case when is_complete then total_revenue - revenue_before end as revenue_change,
  case when is_complete then round(100 * (total_revenue - revenue_before) / nullif(revenue_before, 0), 1) end as revenue_change_percent
from compared
