-- name: customer_segments
-- description: Customers of each segment: how many buy, how much, and their share of the revenue
with segments as (
  select
    customer_segment,
    count(*) as customers,
    count(case when total_transactions > 0 then 1 end) as buyers,
    sum(total_transactions) as transactions,
    sum(customer_lifetime_value) as revenue,
    max(last_purchase_date) as last_purchase_date
  from ${gold}.customer_analytics
  group by customer_segment
)
select
  customer_segment,
  customers,
  buyers,
  round(100e0 * buyers / customers, 1) as buyers_percent,
  transactions,
  revenue,
  round(100e0 * cast(revenue as double) / nullif(cast(sum(revenue) over () as double), 0), 1) as revenue_percent,
  round(cast(revenue as double) / nullif(buyers, 0), 2) as revenue_per_buyer,
  last_purchase_date
from segments
order by revenue desc, customer_segment nulls last
