-- name: customer_value
-- description: What each customer was worth, with their place among all; without names
-- needs: gold.customer_analytics(customer_id, customer_segment, total_transactions, total_revenue, avg_transaction_value, first_purchase_date, last_purchase_date, customer_lifetime_value)
--
-- Customers without a purchase are there, with a value of 0 and without dates.
select
  customer_id,
  customer_segment,
  total_transactions,
  coalesce(total_revenue, 0) as total_revenue,
  avg_transaction_value,
  first_purchase_date,
  last_purchase_date,
  datediff('day', last_purchase_date, current_date()) as days_since_last_purchase,
  customer_lifetime_value,
  rank() over (order by customer_lifetime_value desc nulls last) as value_rank,
  ntile(10) over (order by customer_lifetime_value desc nulls last, customer_id) as value_decile
from ${gold}.customer_analytics
