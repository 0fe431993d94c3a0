"""Tests of module session."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse_spark import session as sessions


@pytest.fixture
def shuffles(spark: SparkSession) -> Iterator[None]:
    """Puts back how many tasks shuffles have."""
    before = spark.conf.get(sessions.SHUFFLES)
    yield
    spark.conf.set(sessions.SHUFFLES, str(before))


def without(spark: SparkSession, cores: int) -> Any:
    """Returns a session whose Spark was started without a number of shuffles."""
    context = SimpleNamespace(defaultParallelism=cores, getConf=dict)
    return SimpleNamespace(conf=spark.conf, sparkContext=context)


@pytest.mark.parametrize(
    ("read", "tasks"),
    [
        (0, "4"),
        (64 << 20, "4"),
        (160 << 20, "10"),
        (1 << 50, str(sessions.MOST_SHARES)),
    ],
)
@pytest.mark.usefixtures("shuffles")
def test_shuffles_suit_what_is_read(spark: SparkSession, read: int, tasks: str) -> None:
    sessions.spread(without(spark, 4), read)
    assert spark.conf.get(sessions.SHUFFLES) == tasks


@pytest.mark.usefixtures("shuffles")
def test_shuffles_that_are_wanted(spark: SparkSession) -> None:
    sessions.spread(spark, 1 << 40, wanted=7)
    assert spark.conf.get(sessions.SHUFFLES) == "7"


@pytest.mark.usefixtures("shuffles")
def test_shuffles_that_spark_was_started_with(spark: SparkSession) -> None:
    sessions.spread(spark, 1 << 40)
    assert spark.conf.get(sessions.SHUFFLES) == "1"


@pytest.mark.usefixtures("shuffles")
def test_spark_plans_again_where_there_is_much_to_do(spark: SparkSession) -> None:
    sessions.spread(spark, sessions.LARGE)
    assert spark.conf.get(sessions.ADAPTIVE) == "true"
    sessions.spread(spark, sessions.LARGE - 1)
    assert spark.conf.get(sessions.ADAPTIVE) == "false"
