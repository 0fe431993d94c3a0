"""Files of the lake, as rows."""

from __future__ import annotations

from pathlib import Path

import tables
from lakehouse_spark.lake import Lake

PARTS = ["a*b", "x[1]", "{y,z}", "50%", "a=b/c", "ä b", "2024-02-30", "007", None]


def test_partitions_are_columns_as_they_were(lake: Lake, tmp_path: Path) -> None:
    values = [(i, part) for i, part in enumerate(PARTS)]
    rows = lake.session.createDataFrame(values, "n int, part string")
    rows.write.partitionBy("part").parquet(f"{lake.url}/silver/t")
    files = [str(p.relative_to(tmp_path)) for p in tmp_path.glob("silver/t/*/*.parquet")]
    read = lake.table(files, "silver", "t", tables.schema(n="int", part="string"))
    assert read.dtypes == [("n", "int"), ("part", "string")]
    assert sorted(tables.unordered(read), key=lambda row: int(row[0])) == values


def test_only_the_files_that_are_named_are_read(lake: Lake) -> None:
    for n in range(3):
        lake.session.sql(f"SELECT {n} AS n").write.parquet(f"{lake.url}/silver/t/{n}")
    read = lake.table(["silver/t/0", "silver/t/2"], "silver", "t", tables.schema(n="int"))
    assert tables.unordered(read) == [(0,), (2,)]


def test_no_files_are_no_rows(lake: Lake) -> None:
    read = lake.table([], "silver", "t", tables.schema(n="int", at="timestamp", amount="decimal(38,2)"))
    assert read.dtypes == [("n", "int"), ("at", "timestamp"), ("amount", "decimal(38,2)")]
    assert read.collect() == []


def test_raw_columns_that_a_file_lacks_are_null(lake: Lake) -> None:
    now = "TIMESTAMP '2024-01-01 00:00:00' AS ingestion_timestamp"
    data = f"SELECT 'x' AS `a.b`, 'f.csv' AS source_file, 1L AS source_row, {now}"
    lake.session.sql(data).write.parquet(f"{lake.url}/bronze/t/ingestion_date=2024-01-02/part")
    read = lake.raw(["bronze/t/ingestion_date=2024-01-02/part"], "bronze", "t", ["new", "a.b"])
    strings = read.selectExpr(
        "0_all.new", "0_all.`a.b`", "source_file", "source_row", "CAST(ingestion_date AS STRING) AS day"
    )
    assert tables.unordered(strings) == [(None, "x", "f.csv", 1, "2024-01-02")]


def test_the_address_of_a_lake_may_end_with_a_slash(lake: Lake) -> None:
    assert Lake(lake.session, "s3a://bucket/lake/").url == "s3a://bucket/lake"
