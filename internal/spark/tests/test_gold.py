"""How gold tables are made of silver tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

import tables
from lakehouse_spark import gold
from lakehouse_spark.failure import GATE, Failure
from lakehouse_spark.lake import Lake
from lakehouse_spark.tasks import Binary
from tables import column, expression, nobody, unordered

SPEC = {"now": 1_700_000_000_000_000}
NO_VALUE = "has no value: a result that does not fit its type, a division by zero, or an argument out of range"


def table(columns: list[tables.Table] | None = None, **other: Any) -> gold.Table:
    """Returns a gold table from sales, of rows or, without columns, of groups and measures."""
    made = {
        "name": "g",
        "from": "sales",
        "joins": [],
        "grouped": columns is None,
        "groups": [],
        "measures": [],
        "columns": columns or [],
        "partition_by": [],
        **other,
    }
    names = [c["name"] for c in [*made["groups"], *made["measures"], *made["columns"]]]
    return {"schema": [{"name": n} for n in [*names, "aggregation_timestamp"]], **made}


def measure(name: str, kind: str, aggregate: str, value: str = "", **other: Any) -> tables.Table:
    """Returns a measure of one aggregate, called by the measure's name and _m."""
    made = f"_m{name}"
    fails = other.pop("fails", tables.NEVER)
    return {
        "name": name,
        "spark_type": kind,
        "aggregates": [aggregate],
        "names": [made],
        "expression": expression(value or f"`{made}`", fails),
        "argument_fails": [tables.NEVER],
        **other,
    }


@pytest.fixture
def sales(spark: SparkSession) -> DataFrame:
    """Sales of products on days."""
    values = [("p", 1, 10), ("p", 2, 5), ("q", 2, 7), (None, 3, None), (None, None, 1)]
    rows = [(*row, "f.csv", i) for i, row in enumerate(values, 1)]
    kinds = "product string, day int, amount int, source_file string, source_row bigint"
    return spark.createDataFrame(rows, kinds).alias("sales")


@pytest.fixture
def products(spark: SparkSession) -> DataFrame:
    """Products, of which one has no name."""
    rows = [("p", "Pen", "p.csv", 1), ("r", "Rug", "p.csv", 2), (None, "?", "p.csv", 3)]
    kinds = "product string, title string, source_file string, source_row bigint"
    return spark.createDataFrame(rows, kinds).alias("products")


def rows_of(g: gold.Table, **sources: DataFrame) -> DataFrame:
    return gold.rows_of(g, sources, SPEC)


def failure(rows: DataFrame) -> Failure:
    """Returns the error of rows that cannot be made."""
    with pytest.raises(Exception, match="lakectl gate") as caught:  # Spark has no one class for it
        rows.collect()
    return Failure.of(caught.value)


DAY = column("day", "`sales`.`day`", "bigint")
AMOUNT = column("amount", "`sales`.`amount`", "decimal(10,2)")


def test_columns_have_their_types_and_order(sales: DataFrame) -> None:
    rows = rows_of(table([AMOUNT, DAY]), sales=sales)
    assert rows.dtypes == [("amount", "decimal(10,2)"), ("day", "bigint"), ("aggregation_timestamp", "timestamp")]
    times = rows.selectExpr("CAST(aggregation_timestamp AS STRING) AS t").distinct()
    assert unordered(times) == [("2023-11-14 22:13:20",)]


def test_a_condition_keeps_what_is_true(sales: DataFrame) -> None:
    rows = rows_of(table([DAY], where=expression("(`sales`.`amount` > 5)")), sales=sales)
    assert unordered(rows, "day") == [(1,), (2,)]


def test_a_condition_without_a_value_fails_the_run(sales: DataFrame) -> None:
    where = expression("(`sales`.`amount` / 0 > 1)", "(`sales`.`day` <=> 3)")
    told = failure(rows_of(table([DAY], where=where), sales=sales.where("day = 3").alias("sales")))
    assert (told.class_, told.message) == (GATE, f"gold.g: where: row 4 of f.csv {NO_VALUE}")


def test_a_column_without_a_value_fails_the_run(sales: DataFrame) -> None:
    half = column("half", "`sales`.`amount`", "int", fails="(coalesce(`sales`.`amount` % 2 <> 0, FALSE))")
    assert failure(rows_of(table([half]), sales=sales)).message == f"gold.g: column half: row 2 of f.csv {NO_VALUE}"


def test_the_latest_rows(sales: DataFrame) -> None:
    assert unordered(rows_of(table([AMOUNT], latest="day"), sales=sales), "amount") == [(None,)]
    earlier = {"latest": "day", "where": expression("(`sales`.`day` < 3)")}
    assert [str(row[0]) for row in unordered(rows_of(table([AMOUNT], **earlier), sales=sales), "amount")] == [
        "5.00",
        "7.00",
    ]


def test_the_latest_of_nulls_and_of_nothing(sales: DataFrame) -> None:
    for none in ("day IS NULL", "false"):
        assert unordered(rows_of(table([AMOUNT], latest="day"), sales=sales.where(none).alias("sales"))) == []


TITLE = column("title", "`products`.`title`")
JOIN: dict[str, Any] = {"table": "products", "on": [{"left": "product", "right": "product"}]}


def test_joins_keep_the_rows_of_the_left(sales: DataFrame, products: DataFrame) -> None:
    rows = rows_of(table([AMOUNT, TITLE], joins=[JOIN]), sales=sales, products=products)
    assert unordered(rows, "title") == [("Pen",), ("Pen",), (None,), (None,), (None,)]  # null joins nothing


def test_a_condition_of_a_join_sees_the_other_table(sales: DataFrame, products: DataFrame) -> None:
    join = {**JOIN, "where": expression("(`products`.`title` <> 'Pen')")}
    rows = rows_of(table([TITLE], joins=[join]), sales=sales, products=products)
    assert unordered(rows, "title") == [(None,)] * 5
    join["where"] = expression("TRUE", "(`products`.`title` = 'Rug')")
    told = failure(rows_of(table([TITLE], joins=[join]), sales=sales, products=products))
    assert told.message == f"gold.g: where of join products: row 2 of p.csv {NO_VALUE}"


PRODUCT = column("product", "`sales`.`product`")
TOTAL = measure("total", "bigint", "try_sum(`sales`.`amount`)")
COUNT = measure("n", "bigint", "count(*)")


def test_groups(sales: DataFrame) -> None:
    rows = rows_of(table(groups=[PRODUCT], measures=[TOTAL, COUNT]), sales=sales)
    assert unordered(rows, "product", "total", "n") == [("p", 15, 2), ("q", 7, 1), (None, 1, 2)]
    assert rows.columns == ["product", "total", "n", "aggregation_timestamp"]


def test_groups_without_measures(sales: DataFrame) -> None:
    assert unordered(rows_of(table(groups=[PRODUCT]), sales=sales), "product") == [("p",), ("q",), (None,)]


def test_a_measure_counts_a_column_of_a_join(sales: DataFrame, products: DataFrame) -> None:
    title = measure("titles", "bigint", "count(`products`.`title`)")
    rows = rows_of(table(groups=[PRODUCT], measures=[title], joins=[JOIN]), sales=sales, products=products)
    assert unordered(rows, "product", "titles") == [("p", 2), ("q", 0), (None, 0)]


def test_a_measure_that_fails_names_its_group(sales: DataFrame) -> None:
    small = measure("total", "int", "try_sum(`sales`.`amount`)", fails="(`_mtotal` <=> 1)")
    told = failure(rows_of(table(groups=[DAY, PRODUCT], measures=[small]), sales=sales))
    why = "the result does not fit its type, or an argument has no value"
    assert (told.class_, told.message) == (GATE, f"gold.g: measure total of group day=null, product=null: {why}")


def test_a_measure_whose_argument_fails_names_its_group(sales: DataFrame) -> None:
    wrong = measure("total", "bigint", "try_sum(`sales`.`amount`)", argument_fails=["(`sales`.`amount` <=> 7)"])
    told = failure(rows_of(table(groups=[PRODUCT], measures=[COUNT, wrong]), sales=sales))
    assert told.message.startswith("gold.g: measure total of group product=q: ")
    fine = {**wrong, "argument_fails": ["(`sales`.`amount` <=> 8)"]}
    assert len(unordered(rows_of(table(groups=[PRODUCT], measures=[fine]), sales=sales))) == 3


def test_a_group_key_that_fails(sales: DataFrame) -> None:
    key = column("k", "`sales`.`day`", "int", fails="(`sales`.`day` IS NULL)")
    told = failure(rows_of(table(groups=[key], measures=[COUNT]), sales=sales))
    assert told.message == f"gold.g: group key k: row 5 of f.csv {NO_VALUE}"


SHOW = """
report(files=[[list(row.values()) for row in rows().to_pylist()]])
"""


def written(lake: Lake, fake: Callable[[str], Binary], g: gold.Table, rows: DataFrame) -> list[Any]:
    """Returns the rows that are handed to each task."""
    return gold.write(lake.session, fake(SHOW), g, rows, "{}")


def test_a_table_without_partitions_is_one_file(lake: Lake, fake: Callable[[str], Binary], sales: DataFrame) -> None:
    g = table([DAY])
    day = sales.select("day")
    marked = [[day, mark, 0] for day, mark in [(None, True), *((d, False) for d in (None, 1, 2, 2, 3))]]
    assert written(lake, fake, g, day.repartition(3)) == [marked]
    assert written(lake, fake, g, day.where("false")) == [[[None, True, 0]]]


def test_a_partition_is_in_one_file(lake: Lake, fake: Callable[[str], Binary], sales: DataFrame) -> None:
    g = table([DAY, PRODUCT], partition_by=["product"])
    files = written(lake, fake, g, sales.select("day", "product").repartition(3))
    want = [[day, product, False, 0] for day, product in [(None, None), (3, None), (1, "p"), (2, "p"), (2, "q")]]
    assert [row for file in files for row in file] == want
    assert written(lake, fake, g, sales.select("day", "product").where("false")) == []


def test_tables_are_built_of_the_files_that_are_named(
    lake: Lake, fake: Callable[[str], Binary], sales: DataFrame
) -> None:
    sales.write.partitionBy("day").parquet(f"{lake.url}/silver/sales")
    silver = {"name": "sales", "schema": tables.schema(product="string", amount="int", day="int")}
    g = table(groups=[DAY], measures=[TOTAL])
    g["schema"] = [c for c in g["schema"] if c["name"] != "aggregation_timestamp"]
    spec = {**SPEC, "tables": ["g"], "inputs": {"sales": ["silver/sales/day=2"]}, "orders": {"g": "{}"}}
    project = {"gold": [g], "silver": [silver]}
    built = gold.build(lake, fake(SHOW), project, spec, nobody)
    assert built == {"tables": {"g": [[[None, None, True, 0], [2, 12, False, 0]]]}}
    spec["inputs"] = {}
    assert gold.build(lake, fake(SHOW), project, spec, nobody) == {"tables": {"g": [[[None, None, True, 0]]]}}
