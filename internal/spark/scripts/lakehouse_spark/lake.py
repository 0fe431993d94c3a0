"""Reads files of the lake as DataFrames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse_spark import sql

Column = dict[str, Any]

# Columns of bronze and of quarantine beside the raw ones.
WHENCE = T.StructType(
    [
        T.StructField("source_file", T.StringType()),
        T.StructField("source_row", T.LongType()),
        T.StructField("ingestion_timestamp", T.TimestampType()),
        T.StructField("ingestion_date", T.DateType()),
    ]
)


class Lake:
    """The folder that the lake is in."""

    def __init__(self, session: SparkSession, url: str) -> None:
        self.session = session
        self.url = url.rstrip("/")

    def read(self, objects: list[str], schema: T.StructType, table: str = "") -> DataFrame:
        """Returns the rows of files; table is the folder below which partitions are folders."""
        if not objects:
            return self.session.createDataFrame([], schema)
        reader = self.session.read.schema(schema).option("__globPaths__", "false")
        if table:
            reader = reader.option("basePath", f"{self.url}/{table}")
        return reader.parquet(*[f"{self.url}/{name}" for name in objects])

    def raw(self, objects: list[str], layer: str, dataset: str, columns: list[str]) -> DataFrame:
        """Returns rows of bronze or quarantine: the raw columns as texts in 0_all, and whence they are.

        Raw columns may have any name, so they are never beside columns of ours.
        """
        schema = T.StructType([T.StructField(name, T.StringType()) for name in columns] + WHENCE.fields)
        whole = F.struct(*[F.col(sql.name(name)) for name in columns])
        return self.read(objects, schema, f"{layer}/{dataset}").select(whole.alias("0_all"), *WHENCE.fieldNames())

    def table(self, objects: list[str], layer: str, name: str, schema: list[Column]) -> DataFrame:
        """Returns rows of a silver table."""
        return self.read(objects, struct(schema), f"{layer}/{name}")


def struct(columns: Iterable[Column]) -> T.StructType:
    """Returns the type of a table of the compiled project."""
    fields = [f"{sql.name(c['name'])} {c['spark_type']}" for c in columns]
    parsed = T._parse_datatype_string(", ".join(fields))  # by Java: at once, as each way there takes a while
    assert isinstance(parsed, T.StructType)
    return parsed
