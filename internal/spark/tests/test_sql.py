"""Names and literals, as Spark reads them."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse_spark import sql

TEXTS = ["", "plain", "it's", 'say "no"', "a\\b", "\\'", "\\n is not\na line", "50 %_", "ä€😀", "${x}", "'; --"]


def test_texts_are_read_as_they_were(spark: SparkSession) -> None:
    row = spark.range(1).select(*[F.expr(sql.text(t)) for t in TEXTS]).head()
    assert row is not None
    assert list(row) == TEXTS


@pytest.mark.parametrize("name", ["plain", "with blank", "a.b", "a`b", "``", "select", "ä", "0_bad"])
def test_names_are_read_as_they_were(spark: SparkSession, name: str) -> None:
    rows = spark.range(1).select(F.lit(7).alias(name))
    assert rows.select(F.expr(sql.name(name)), F.col(sql.name(name))).collect() == [(7, 7)]


@pytest.mark.parametrize(
    ("conditions", "want"),
    [([], "FALSE"), (["FALSE", "(FALSE)"], "FALSE"), (["a", "FALSE"], "(a)"), (["a", "b AND c"], "(a OR b AND c)")],
)
def test_any_of_leaves_out_what_never_holds(conditions: list[str], want: str) -> None:
    assert sql.any_of(conditions) == want
