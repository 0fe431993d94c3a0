-- Snowflake for the lake of lakehouse (dev), as lakectl snowflake setup makes it.
-- Statements can be run again: what is there stays as it is.
--   lake        s3://shop-lake/top/, of which silver and gold can be read, and nothing written
--   role in AWS arn:aws:iam::111122223333:role/lakehouse-dev-eu-central-1-snowflake
--   owner       LAKEHOUSE_OWNER: owns and refreshes all of it
--   readers     LAKEHOUSE_READER: gold and the views; grant it to those who ask questions

-- 1. The account: roles, database, integration
-- --------------------------------------------

use role "USERADMIN";

-- create role LAKEHOUSE_OWNER: it owns all that lakectl makes, and keeps it up to date
create role if not exists "LAKEHOUSE_OWNER"
  comment = 'lakectl lakehouse/dev: owns all that lakectl makes, and keeps it up to date';

-- create role LAKEHOUSE_READER: it reads gold and the views
create role if not exists "LAKEHOUSE_READER"
  comment = 'lakectl lakehouse/dev: reads gold and the views';

-- grant role LAKEHOUSE_READER to LAKEHOUSE_OWNER: the owner may do what readers may
grant role "LAKEHOUSE_READER" to role "LAKEHOUSE_OWNER";

-- grant role LAKEHOUSE_OWNER to SYSADMIN: administrators manage what it owns
grant role "LAKEHOUSE_OWNER" to role "SYSADMIN";

-- grant role LAKEHOUSE_OWNER to ANN: this user refreshes the tables, which only their owner may
grant role "LAKEHOUSE_OWNER" to user "ANN";

use role "SYSADMIN";

-- create warehouse LAKEHOUSE_WH: it does not exist; the smallest size, stopped after a minute without work
create warehouse if not exists "LAKEHOUSE_WH"
  warehouse_size = xsmall
  auto_suspend = 60
  auto_resume = true
  initially_suspended = true
  comment = 'lakectl lakehouse/dev: queries and upkeep of the lake';

-- grant usage on warehouse LAKEHOUSE_WH to LAKEHOUSE_OWNER: statements need one to run on
grant usage on warehouse "LAKEHOUSE_WH" to role "LAKEHOUSE_OWNER";

-- grant usage on warehouse LAKEHOUSE_WH to LAKEHOUSE_READER: statements need one to run on
grant usage on warehouse "LAKEHOUSE_WH" to role "LAKEHOUSE_READER";

-- create database LAKEHOUSE: it does not exist
create database if not exists "LAKEHOUSE"
  comment = 'lakectl lakehouse/dev: the lake at s3://shop-lake/top/';

-- grant ownership of database LAKEHOUSE to LAKEHOUSE_OWNER: the owner's role makes what is in it
grant ownership on database "LAKEHOUSE" to role "LAKEHOUSE_OWNER" copy current grants;

use role "ACCOUNTADMIN";

-- create integration LAKEHOUSE_S3: it is Snowflake's way to the lake; it may read silver and gold, and is never replaced: that would break the trust in AWS
create storage integration if not exists "LAKEHOUSE_S3"
  type = external_stage
  storage_provider = 'S3'
  enabled = true
  storage_aws_role_arn = 'arn:aws:iam::111122223333:role/lakehouse-dev-eu-central-1-snowflake'
  storage_aws_external_id = 'lakehouse-dev-ce1c370ef56c56820bfa48e6820b9c34'
  storage_allowed_locations = ('s3://shop-lake/top/silver/', 's3://shop-lake/top/gold/')
  comment = 'lakectl lakehouse/dev: reads s3://shop-lake/top/';

-- grant usage on integration LAKEHOUSE_S3 to LAKEHOUSE_OWNER: stages use it
grant usage on integration "LAKEHOUSE_S3" to role "LAKEHOUSE_OWNER";

-- 2. AWS: the role trusts the integration
-- ---------------------------------------

-- lakectl reads STORAGE_AWS_IAM_USER_ARN and STORAGE_AWS_EXTERNAL_ID of
--   desc integration "LAKEHOUSE_S3";
-- and gives them to the stack, as SnowflakePrincipal and SnowflakeExternalId. Then, until it succeeds:
--   select system$validate_storage_integration('LAKEHOUSE_S3', 's3://shop-lake/top/silver/', 'lakectl', 'list');
--   select system$validate_storage_integration('LAKEHOUSE_S3', 's3://shop-lake/top/gold/', 'lakectl', 'list');

-- 3. The lake: schemas, stages, tables, views
-- -------------------------------------------

use role "LAKEHOUSE_OWNER";

-- create schema LAKECTL: it has what lakectl itself needs; readers need nothing of it
create schema if not exists "LAKEHOUSE"."LAKECTL"
  with managed access
  comment = 'lakectl lakehouse/dev: what lakectl itself needs; readers need nothing of it';

-- create schema SILVER: it has clean tables; not for readers, since they have what raw rows had of people
create schema if not exists "LAKEHOUSE"."SILVER"
  with managed access
  comment = 'lakectl lakehouse/dev: clean tables; not for readers, since they have what raw rows had of people';

-- create schema GOLD: it has business tables
create schema if not exists "LAKEHOUSE"."GOLD"
  with managed access
  comment = 'lakectl lakehouse/dev: business tables';

-- create schema ANALYTICS: it has views for people
create schema if not exists "LAKEHOUSE"."ANALYTICS"
  with managed access
  comment = 'lakectl lakehouse/dev: views for people';

-- create file format LAKECTL.PARQUET: it says how the files of the lake are read
create file format if not exists "LAKEHOUSE"."LAKECTL"."PARQUET"
  type = parquet
  binary_as_text = false
  use_logical_type = false
  use_vectorized_scanner = false
  comment = 'lakectl lakehouse/dev: the files of the lake';

-- create table LAKECTL.SYNCED: it remembers the last commit that was sent of each table
create table if not exists "LAKEHOUSE"."LAKECTL"."SYNCED" (
  table_name varchar not null,
  table_created varchar not null,
  commit_sequence number(19,0) not null,
  commit_run varchar not null,
  synced_at timestamp_ltz(6) not null
)
  comment = 'lakectl lakehouse/dev: the last commit of each table that was sent';

-- create stage SILVER.LAKE: it is the folder of silver
create stage if not exists "LAKEHOUSE"."SILVER"."LAKE"
  url = 's3://shop-lake/top/silver/'
  storage_integration = "LAKEHOUSE_S3"
  comment = 'lakectl lakehouse/dev: silver of the lake';

-- create stage GOLD.LAKE: it is the folder of gold
create stage if not exists "LAKEHOUSE"."GOLD"."LAKE"
  url = 's3://shop-lake/top/gold/'
  storage_integration = "LAKEHOUSE_S3"
  comment = 'lakectl lakehouse/dev: gold of the lake';

-- create external table SILVER.CUSTOMERS: it reads silver/customers/ of the lake
create external table if not exists "LAKEHOUSE"."SILVER"."CUSTOMERS" (
  "CUSTOMER_ID" varchar as (value:"customer_id"::varchar),
  "FULL_NAME" varchar as (value:"full_name"::varchar),
  "EMAIL" varchar as (value:"email"::varchar),
  "PHONE" varchar as (value:"phone"::varchar),
  "REGISTRATION_DATE" date as (value:"registration_date"::date),
  "LOYALTY_POINTS" number(10,0) as (value:"loyalty_points"::number(10,0)),
  "CUSTOMER_SEGMENT" varchar as (value:"customer_segment"::varchar),
  "DATA_QUALITY_FLAG" varchar as (value:"data_quality_flag"::varchar),
  "DATA_QUALITY_ISSUES" varchar as (value:"data_quality_issues"::varchar),
  "SOURCE_FILE" varchar as (value:"source_file"::varchar),
  "SOURCE_ROW" number(19,0) as (value:"source_row"::number(19,0)),
  "INGESTION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"ingestion_timestamp"), to_timestamp_ntz(value:"ingestion_timestamp"::number(19,0), 6), value:"ingestion_timestamp"::timestamp_ntz(6))),
  "INGESTION_DATE" date as (value:"ingestion_date"::date),
  "PROCESSED_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"processed_timestamp"), to_timestamp_ntz(value:"processed_timestamp"::number(19,0), 6), value:"processed_timestamp"::timestamp_ntz(6)))
)
  location = @"LAKEHOUSE"."SILVER"."LAKE"/customers/
  refresh_on_create = true
  auto_refresh = false
  pattern = '.*[.]parquet'
  file_format = (format_name = '"LAKEHOUSE"."LAKECTL"."PARQUET"')
  comment = 'lakectl lakehouse/dev: silver.customers; definition 83bc02942afc8623';

-- create external table SILVER.TRANSACTIONS: it reads silver/transactions/ of the lake
create external table if not exists "LAKEHOUSE"."SILVER"."TRANSACTIONS" (
  "TRANSACTION_ID" varchar as (value:"transaction_id"::varchar),
  "CUSTOMER_ID" varchar as (value:"customer_id"::varchar),
  "PRODUCT_ID" varchar as (value:"product_id"::varchar),
  "TRANSACTION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"transaction_timestamp"), to_timestamp_ntz(value:"transaction_timestamp"::number(19,0), 6), value:"transaction_timestamp"::timestamp_ntz(6))),
  "TRANSACTION_DATE" date as (nullif(split_part(split_part(metadata$filename, '/transaction_date=', 2), '/', 1), '__HIVE_DEFAULT_PARTITION__')::date),
  "AMOUNT" number(10,2) as (value:"amount"::number(10,2)),
  "QUANTITY" number(10,0) as (value:"quantity"::number(10,0)),
  "STATUS" varchar as (value:"status"::varchar),
  "REVENUE" number(18,2) as (value:"revenue"::number(18,2)),
  "DATA_QUALITY_FLAG" varchar as (value:"data_quality_flag"::varchar),
  "DATA_QUALITY_ISSUES" varchar as (value:"data_quality_issues"::varchar),
  "SOURCE_FILE" varchar as (value:"source_file"::varchar),
  "SOURCE_ROW" number(19,0) as (value:"source_row"::number(19,0)),
  "INGESTION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"ingestion_timestamp"), to_timestamp_ntz(value:"ingestion_timestamp"::number(19,0), 6), value:"ingestion_timestamp"::timestamp_ntz(6))),
  "INGESTION_DATE" date as (value:"ingestion_date"::date),
  "PROCESSED_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"processed_timestamp"), to_timestamp_ntz(value:"processed_timestamp"::number(19,0), 6), value:"processed_timestamp"::timestamp_ntz(6)))
)
  partition by ("TRANSACTION_DATE")
  location = @"LAKEHOUSE"."SILVER"."LAKE"/transactions/
  refresh_on_create = true
  auto_refresh = false
  pattern = '.*[.]parquet'
  file_format = (format_name = '"LAKEHOUSE"."LAKECTL"."PARQUET"')
  comment = 'lakectl lakehouse/dev: silver.transactions; definition ce9951c4d5492722';

-- create external table GOLD.DAILY_SALES: it reads gold/daily_sales/ of the lake
create external table if not exists "LAKEHOUSE"."GOLD"."DAILY_SALES" (
  "TRANSACTION_DATE" date as (value:"transaction_date"::date),
  "TOTAL_TRANSACTIONS" number(19,0) as (value:"total_transactions"::number(19,0)),
  "TOTAL_REVENUE" number(38,2) as (value:"total_revenue"::number(38,2)),
  "UNIQUE_CUSTOMERS" number(19,0) as (value:"unique_customers"::number(19,0)),
  "AVG_TRANSACTION_VALUE" number(18,2) as (value:"avg_transaction_value"::number(18,2)),
  "TOTAL_QUANTITY_SOLD" number(19,0) as (value:"total_quantity_sold"::number(19,0)),
  "AGGREGATION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"aggregation_timestamp"), to_timestamp_ntz(value:"aggregation_timestamp"::number(19,0), 6), value:"aggregation_timestamp"::timestamp_ntz(6)))
)
  location = @"LAKEHOUSE"."GOLD"."LAKE"/daily_sales/
  refresh_on_create = true
  auto_refresh = false
  pattern = '.*[.]parquet'
  file_format = (format_name = '"LAKEHOUSE"."LAKECTL"."PARQUET"')
  comment = 'lakectl lakehouse/dev: gold.daily_sales; definition 6f43ddc68861d27f';

-- create external table GOLD.WEEKLY_SALES: it reads gold/weekly_sales/ of the lake
create external table if not exists "LAKEHOUSE"."GOLD"."WEEKLY_SALES" (
  "WEEK_START" date as (value:"week_start"::date),
  "TOTAL_TRANSACTIONS" number(19,0) as (value:"total_transactions"::number(19,0)),
  "TOTAL_REVENUE" number(38,2) as (value:"total_revenue"::number(38,2)),
  "UNIQUE_CUSTOMERS" number(19,0) as (value:"unique_customers"::number(19,0)),
  "AVG_TRANSACTION_VALUE" number(18,2) as (value:"avg_transaction_value"::number(18,2)),
  "TOTAL_QUANTITY_SOLD" number(19,0) as (value:"total_quantity_sold"::number(19,0)),
  "AGGREGATION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"aggregation_timestamp"), to_timestamp_ntz(value:"aggregation_timestamp"::number(19,0), 6), value:"aggregation_timestamp"::timestamp_ntz(6)))
)
  location = @"LAKEHOUSE"."GOLD"."LAKE"/weekly_sales/
  refresh_on_create = true
  auto_refresh = false
  pattern = '.*[.]parquet'
  file_format = (format_name = '"LAKEHOUSE"."LAKECTL"."PARQUET"')
  comment = 'lakectl lakehouse/dev: gold.weekly_sales; definition ecfd1b7bcee23391';

-- create external table GOLD.MONTHLY_SALES: it reads gold/monthly_sales/ of the lake
create external table if not exists "LAKEHOUSE"."GOLD"."MONTHLY_SALES" (
  "MONTH_START" date as (value:"month_start"::date),
  "TOTAL_TRANSACTIONS" number(19,0) as (value:"total_transactions"::number(19,0)),
  "TOTAL_REVENUE" number(38,2) as (value:"total_revenue"::number(38,2)),
  "UNIQUE_CUSTOMERS" number(19,0) as (value:"unique_customers"::number(19,0)),
  "AVG_TRANSACTION_VALUE" number(18,2) as (value:"avg_transaction_value"::number(18,2)),
  "TOTAL_QUANTITY_SOLD" number(19,0) as (value:"total_quantity_sold"::number(19,0)),
  "AGGREGATION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"aggregation_timestamp"), to_timestamp_ntz(value:"aggregation_timestamp"::number(19,0), 6), value:"aggregation_timestamp"::timestamp_ntz(6)))
)
  location = @"LAKEHOUSE"."GOLD"."LAKE"/monthly_sales/
  refresh_on_create = true
  auto_refresh = false
  pattern = '.*[.]parquet'
  file_format = (format_name = '"LAKEHOUSE"."LAKECTL"."PARQUET"')
  comment = 'lakectl lakehouse/dev: gold.monthly_sales; definition 239a6a69a50fb918';

-- create external table GOLD.CUSTOMER_ANALYTICS: it reads gold/customer_analytics/ of the lake
create external table if not exists "LAKEHOUSE"."GOLD"."CUSTOMER_ANALYTICS" (
  "CUSTOMER_ID" varchar as (value:"customer_id"::varchar),
  "FULL_NAME" varchar as (value:"full_name"::varchar),
  "CUSTOMER_SEGMENT" varchar as (value:"customer_segment"::varchar),
  "TOTAL_TRANSACTIONS" number(19,0) as (value:"total_transactions"::number(19,0)),
  "TOTAL_REVENUE" number(38,2) as (value:"total_revenue"::number(38,2)),
  "AVG_TRANSACTION_VALUE" number(18,2) as (value:"avg_transaction_value"::number(18,2)),
  "FIRST_PURCHASE_DATE" date as (value:"first_purchase_date"::date),
  "LAST_PURCHASE_DATE" date as (value:"last_purchase_date"::date),
  "CUSTOMER_LIFETIME_VALUE" number(18,2) as (value:"customer_lifetime_value"::number(18,2)),
  "AGGREGATION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"aggregation_timestamp"), to_timestamp_ntz(value:"aggregation_timestamp"::number(19,0), 6), value:"aggregation_timestamp"::timestamp_ntz(6)))
)
  location = @"LAKEHOUSE"."GOLD"."LAKE"/customer_analytics/
  refresh_on_create = true
  auto_refresh = false
  pattern = '.*[.]parquet'
  file_format = (format_name = '"LAKEHOUSE"."LAKECTL"."PARQUET"')
  comment = 'lakectl lakehouse/dev: gold.customer_analytics; definition 0c96da619e0f05d9';

-- create external table GOLD.LATEST_SNAPSHOT: it reads gold/latest_snapshot/ of the lake
create external table if not exists "LAKEHOUSE"."GOLD"."LATEST_SNAPSHOT" (
  "TRANSACTION_ID" varchar as (value:"transaction_id"::varchar),
  "CUSTOMER_ID" varchar as (value:"customer_id"::varchar),
  "PRODUCT_ID" varchar as (value:"product_id"::varchar),
  "TRANSACTION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"transaction_timestamp"), to_timestamp_ntz(value:"transaction_timestamp"::number(19,0), 6), value:"transaction_timestamp"::timestamp_ntz(6))),
  "TRANSACTION_DATE" date as (value:"transaction_date"::date),
  "AMOUNT" number(10,2) as (value:"amount"::number(10,2)),
  "QUANTITY" number(10,0) as (value:"quantity"::number(10,0)),
  "STATUS" varchar as (value:"status"::varchar),
  "REVENUE" number(18,2) as (value:"revenue"::number(18,2)),
  "DATA_QUALITY_FLAG" varchar as (value:"data_quality_flag"::varchar),
  "DATA_QUALITY_ISSUES" varchar as (value:"data_quality_issues"::varchar),
  "SOURCE_FILE" varchar as (value:"source_file"::varchar),
  "SOURCE_ROW" number(19,0) as (value:"source_row"::number(19,0)),
  "INGESTION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"ingestion_timestamp"), to_timestamp_ntz(value:"ingestion_timestamp"::number(19,0), 6), value:"ingestion_timestamp"::timestamp_ntz(6))),
  "INGESTION_DATE" date as (value:"ingestion_date"::date),
  "PROCESSED_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"processed_timestamp"), to_timestamp_ntz(value:"processed_timestamp"::number(19,0), 6), value:"processed_timestamp"::timestamp_ntz(6))),
  "AGGREGATION_TIMESTAMP" timestamp_ntz(6) as (iff(is_integer(value:"aggregation_timestamp"), to_timestamp_ntz(value:"aggregation_timestamp"::number(19,0), 6), value:"aggregation_timestamp"::timestamp_ntz(6)))
)
  location = @"LAKEHOUSE"."GOLD"."LAKE"/latest_snapshot/
  refresh_on_create = true
  auto_refresh = false
  pattern = '.*[.]parquet'
  file_format = (format_name = '"LAKEHOUSE"."LAKECTL"."PARQUET"')
  comment = 'lakectl lakehouse/dev: gold.latest_snapshot; definition ca6f14f90920c5da';

-- create view ANALYTICS.CUSTOMER_VALUE: What each customer was worth, with their place among all; without names
create secure view if not exists "LAKEHOUSE"."ANALYTICS"."CUSTOMER_VALUE"
  comment = 'lakectl lakehouse/dev: What each customer was worth, with their place among all; without names; definition 2dc3101399abca75'
as
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
from "LAKEHOUSE"."GOLD".customer_analytics;

-- create view ANALYTICS.DATA_QUALITY: Rows of each clean table by the day they came, and how many of them have a warning
create secure view if not exists "LAKEHOUSE"."ANALYTICS"."DATA_QUALITY"
  comment = 'lakectl lakehouse/dev: Rows of each clean table by the day they came, and how many of them have a warning; definition e9e9124fd36ec1be'
as
-- Rows that are not good enough stand in quarantine, not here: lakectl quarantine.
select
  'customers' as dataset,
  ingestion_date,
  count(*) as total_rows,
  count_if(data_quality_flag = 'PASSED') as passed_rows,
  count_if(data_quality_flag <> 'PASSED') as warned_rows,
  round(100 * count_if(data_quality_flag <> 'PASSED') / count(*), 2) as warned_percent,
  max(processed_timestamp) as last_processed
from "LAKEHOUSE"."SILVER"."CUSTOMERS"
group by ingestion_date
union all
-- Rows that are not good enough stand in quarantine, not here: lakectl quarantine.
select
  'transactions' as dataset,
  ingestion_date,
  count(*) as total_rows,
  count_if(data_quality_flag = 'PASSED') as passed_rows,
  count_if(data_quality_flag <> 'PASSED') as warned_rows,
  round(100 * count_if(data_quality_flag <> 'PASSED') / count(*), 2) as warned_percent,
  max(processed_timestamp) as last_processed
from "LAKEHOUSE"."SILVER"."TRANSACTIONS"
group by ingestion_date;

-- create view ANALYTICS.SALES_DAILY: Sales of each day, with the average of the seven days that end with it
create secure view if not exists "LAKEHOUSE"."ANALYTICS"."SALES_DAILY"
  comment = 'lakectl lakehouse/dev: Sales of each day, with the average of the seven days that end with it; definition d5399e77861ae66a'
as
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
  from "LAKEHOUSE"."GOLD".daily_sales
)
select
  transaction_date,
  total_transactions,
  total_revenue,
  unique_customers,
  avg_transaction_value,
  total_quantity_sold,
  case when datediff('day', first_day, transaction_date) >= 6 then round(week_revenue / 7, 2) end as revenue_7_day_average
from daily;

-- create view ANALYTICS.SALES_TREND: Sales of each week against the week before; a week without one before it has no change
create secure view if not exists "LAKEHOUSE"."ANALYTICS"."SALES_TREND"
  comment = 'lakectl lakehouse/dev: Sales of each week against the week before; a week without one before it has no change; definition 4f27d25b9b26d267'
as
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
  from "LAKEHOUSE"."GOLD".weekly_sales
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
from compared;

-- grant usage on database LAKEHOUSE to LAKEHOUSE_READER: readers find the schemas in it
grant usage on database "LAKEHOUSE" to role "LAKEHOUSE_READER";

-- grant usage on schema LAKEHOUSE.GOLD to LAKEHOUSE_READER: readers find what is in it
grant usage on schema "LAKEHOUSE"."GOLD" to role "LAKEHOUSE_READER";

-- grant usage on schema LAKEHOUSE.ANALYTICS to LAKEHOUSE_READER: readers find what is in it
grant usage on schema "LAKEHOUSE"."ANALYTICS" to role "LAKEHOUSE_READER";

-- grant select on future external tables in schema LAKEHOUSE.GOLD to LAKEHOUSE_READER: also those that are yet to be made
grant select on future external tables in schema "LAKEHOUSE"."GOLD" to role "LAKEHOUSE_READER";

-- grant select on future views in schema LAKEHOUSE.ANALYTICS to LAKEHOUSE_READER: also those that are yet to be made
grant select on future views in schema "LAKEHOUSE"."ANALYTICS" to role "LAKEHOUSE_READER";

-- grant select on all external tables in schema LAKEHOUSE.GOLD to LAKEHOUSE_READER: readers read them
grant select on all external tables in schema "LAKEHOUSE"."GOLD" to role "LAKEHOUSE_READER";

-- grant select on all views in schema LAKEHOUSE.ANALYTICS to LAKEHOUSE_READER: readers read them
grant select on all views in schema "LAKEHOUSE"."ANALYTICS" to role "LAKEHOUSE_READER";

-- 4. What is in the lake is told by lakectl snowflake sync
-- --------------------------------------------------------
