"""Answers what checks of whole tables ask of all rows of a table."""

from __future__ import annotations

import os
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_spark import sql
from lakehouse_spark.lake import Lake, struct

Table = dict[str, Any]
Spec = dict[str, Any]


def unique(lake: Lake, table: Table, spec: Spec) -> dict[str, Any]:
    """Says whether no two rows are equal in some columns, and how many have no null there."""
    columns = [sql.name(c) for c in spec["columns"]]
    # Not dropna, to which NaN is null.
    whole = " AND ".join(f"{c} IS NOT NULL" for c in columns)
    counted = read(lake, table, spec).groupBy(*[F.col(c) for c in columns]).agg(F.count("*").alias("0_rows"))
    row = counted.agg(
        F.sum("0_rows").alias("rows"),
        F.expr(f"sum(IF({whole}, 0_rows, 0))").alias("complete"),
        F.expr(f"max(IF({whole}, 0_rows, 0))").alias("most"),
    ).head()
    assert row is not None
    return {"rows": row["rows"] or 0, "unique": (row["most"] or 0) < 2, "complete": row["complete"] or 0}


def total(lake: Lake, table: Table, spec: Spec) -> dict[str, Any]:
    """Adds up a column; the sum is empty if it does not fit, or if the condition has no value for a row."""
    column, where = sql.name(spec["columns"][0]), spec["where"]
    fails = where["fails"] if where else "FALSE"
    taken = f"({column} IS NOT NULL AND {where['value']})" if where else f"({column} IS NOT NULL)"
    row = (
        read(lake, table, spec)
        .agg(
            F.count("*").alias("rows"),
            F.expr(f"try_sum(IF({taken}, CAST({column} AS {spec['type']}), NULL))").alias("sum"),
            F.expr(f"count_if({taken})").alias("taken"),
            F.expr(f"count_if({fails})").alias("fails"),
        )
        .head()
    )
    assert row is not None
    if row["fails"] or (row["sum"] is None and row["taken"]):
        return {"rows": row["rows"], "sum": ""}
    return {"rows": row["rows"], "sum": "0" if row["sum"] is None else format(row["sum"], "f")}


def read(lake: Lake, table: Table, spec: Spec) -> DataFrame:
    """Returns the rows of a table: of files in their places, and of some that wait to be published.

    Conditions call its columns `table`.`column`.
    """
    rows = lake.table(spec["published"], spec["layer"], spec["table"], table["schema"])
    if spec["staged"]:
        waiting = staged(lake, table, spec["staged"])
        rows = rows.unionByName(waiting) if spec["published"] else waiting
    return rows.alias(spec["table"])


def staged(lake: Lake, table: Table, files: list[dict[str, Any]]) -> DataFrame:
    """Returns the rows of files whose partitions do not stand in their paths."""
    parts = [c for c in table["schema"] if c["name"] in table["partition_by"]]
    inside = [c for c in table["schema"] if c["name"] not in table["partition_by"]]
    rows = lake.read([f["object"] for f in files], struct(inside))
    if not parts:
        return rows
    known = [(os.path.basename(f["object"]), *(f["partition"][c["name"]] for c in parts)) for f in files]
    texts = ", ".join(["0_file string", *(f"0_part_{i} string" for i in range(len(parts)))])
    values = [F.expr(f"CAST(0_part_{i} AS {c['spark_type']})").alias(c["name"]) for i, c in enumerate(parts)]
    of = F.broadcast(lake.session.createDataFrame(known, texts).select("0_file", *values))
    # Each file of a transaction has a name of its own.
    name = F.substring_index(F.input_file_name(), "/", -1)
    return rows.withColumn("0_file", name).join(of, "0_file").drop("0_file")
