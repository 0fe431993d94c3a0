-- name: data_quality
-- description: Rows of each clean table by the day they came, and how many of them have a warning
-- each: silver
--
-- Rows that are not good enough stand in quarantine, not here: lakectl quarantine.
select
  ${name} as dataset,
  ingestion_date,
  count(*) as total_rows,
  count_if(data_quality_flag = 'PASSED') as passed_rows,
  count_if(data_quality_flag <> 'PASSED') as warned_rows,
  round(100 * count_if(data_quality_flag <> 'PASSED') / count(*), 2) as warned_percent,
  max(processed_timestamp) as last_processed
from ${table}
group by ingestion_date
