"""The silver layer on AWS Glue: it types, checks and dedupes rows."""

from lakehouse_spark import job

job.run("silver")
