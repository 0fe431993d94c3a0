"""The bronze layer on AWS Glue: it takes raw files in."""

from lakehouse_spark import job

job.run("bronze")
