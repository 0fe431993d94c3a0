"""The gold layer on AWS Glue: it builds business tables."""

from lakehouse_spark import job

job.run("gold")
