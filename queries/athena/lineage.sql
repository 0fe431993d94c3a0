-- name: lineage
-- description: What became of each source file: records, silver, quarantine, superseded; and how long it took
-- parameter: since date 2026-01-01 Only files that came in on this day or later
--
-- A record is in exactly one place. Those that could not be read at all are in
-- quarantine and not in bronze; those of bronze that are in neither silver nor
-- quarantine were superseded by a newer version of their key, or repeat one. Or
-- they wait: silver has not judged the file yet, for a gate stopped the run. That
-- is so if none of its rows has gone anywhere, and no row of any file has entered
-- silver since it came.
with bronze as (
  select 'customers' as dataset, source_file, ingestion_timestamp from ${bronze}.customers where ingestion_date >= :since
  union all
  select 'transactions' as dataset, source_file, ingestion_timestamp from ${bronze}.transactions where ingestion_date >= :since
), silver as (
  select 'customers' as dataset, source_file, data_quality_flag, processed_timestamp from ${silver}.customers where ingestion_date >= :since
  union all
  select 'transactions' as dataset, source_file, data_quality_flag, processed_timestamp from ${silver}.transactions where ingestion_date >= :since
), quarantine as (
  select 'customers' as dataset, source_file, stage, ingestion_timestamp from ${silver}.customers_quarantine where ingestion_date >= :since
  union all
  select 'transactions' as dataset, source_file, stage, ingestion_timestamp from ${silver}.transactions_quarantine where ingestion_date >= :since
), places as (
  select dataset, source_file, 1 as bronze_rows, 0 as silver_rows, 0 as warned_rows, 0 as unread_rows, 0 as rejected_rows, ingestion_timestamp, cast(null as timestamp) as processed_timestamp
  from bronze
  union all
  select dataset, source_file, 0, 1, case when data_quality_flag = 'WARNED' then 1 else 0 end, 0, 0, cast(null as timestamp), processed_timestamp
  from silver
  union all
  select dataset, source_file, 0, 0, 0, case when stage = 'read' then 1 else 0 end, case when stage = 'read' then 0 else 1 end, ingestion_timestamp, cast(null as timestamp)
  from quarantine
), files as (
  select
    dataset,
    source_file,
    sum(bronze_rows) as bronze_rows,
    sum(silver_rows) as silver_rows,
    sum(warned_rows) as warned_rows,
    sum(unread_rows) as unread_rows,
    sum(rejected_rows) as rejected_rows,
    min(ingestion_timestamp) as ingested_at,
    max(processed_timestamp) as processed_at
  from places
  group by dataset, source_file
), judged as (
  select dataset, max(processed_timestamp) as last_processed_at
  from silver
  group by dataset
), counted as (
  select
    f.dataset,
    f.source_file,
    f.ingested_at,
    f.bronze_rows,
    f.silver_rows,
    f.warned_rows,
    f.unread_rows,
    f.rejected_rows,
    case when f.silver_rows + f.rejected_rows = 0 and coalesce(j.last_processed_at < f.ingested_at, true) then f.bronze_rows else 0 end as waiting_rows,
    f.processed_at
  from files f
  left join judged j on j.dataset = f.dataset
)
select
  dataset,
  source_file,
  ingested_at,
  bronze_rows + unread_rows as records,
  bronze_rows,
  silver_rows,
  warned_rows,
  unread_rows + rejected_rows as quarantined_rows,
  bronze_rows - silver_rows - rejected_rows - waiting_rows as superseded_rows,
  waiting_rows,
  processed_at,
  date_diff('second', ingested_at, processed_at) as delay_seconds
from counted
order by dataset, source_file
