"""What errors of Spark say to somebody who runs a pipeline."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark import gold
from lakehouse_spark.failure import GATE, TASK_MARK, TRANSIENT, UNEXPECTED, Failure, data_error


def said(spark: SparkSession, column: Column) -> dict[str, Any]:
    """Returns what is told of a column that cannot be computed."""
    with pytest.raises(Exception, match=r"(?i)error|column") as caught:  # Spark has no one class for it
        spark.range(1).select(column).collect()
    return Failure.of(caught.value).as_json()


def test_data_that_allow_no_result(spark: SparkSession) -> None:
    raised = gold.or_fail("1", "id = 0", "gold.a: 'b'", "concat(' x=', id, '\\n\\n\\tat y')")
    assert said(spark, F.expr(raised)) == data_error("gold.a: 'b' x=0\n\n\tat y").as_json()
    assert data_error("x").class_ == GATE


def test_an_error_beside_the_words_of_a_gate_is_none_of_the_data(spark: SparkSession) -> None:
    told = said(spark, F.expr(gold.or_fail("id + 9223372036854775807 + 1", "id = 7", "m")))
    assert told["class"] == UNEXPECTED
    assert told["message"].startswith("Spark: [ARITHMETIC_OVERFLOW] long overflow.")
    assert told["next"] == "the log of Spark has the whole of it"


def test_an_unknown_column(spark: SparkSession) -> None:
    told = said(spark, F.expr("nope"))
    assert told["class"] == UNEXPECTED
    assert told["message"].startswith("Spark: [UNRESOLVED_COLUMN")


def test_an_error_of_python_on_an_executor(spark: SparkSession) -> None:
    def work(_: int) -> int:
        raise ValueError("no\n\nsuch thing")

    with pytest.raises(Exception, match="such thing") as caught:
        spark.sparkContext.parallelize([1], 1).map(work).collect()
    assert Failure.of(caught.value).message == "Spark: such thing"


def test_errors_of_this_program() -> None:
    assert Failure.of(KeyError("spec")).message == "Spark: 'spec'"
    assert Failure.of(ValueError()).message == "Spark: ValueError"
    assert len(Failure.of(ValueError("x" * 9000)).message) < 2100


def test_a_failure_is_what_it_is() -> None:
    failure = Failure.of_report({"class": TRANSIENT, "message": "slow"})
    assert Failure.of(failure) is failure
    assert failure.as_json() == {"class": TRANSIENT, "message": "slow", "next": ""}
    again = pickle.loads(pickle.dumps(failure))
    assert again.as_json() == failure.as_json()


def test_the_first_report_in_the_text_of_an_error_counts() -> None:
    report = {"class": TRANSIENT, "message": 'a "b" {c}\n', "next": "again"}
    text = f"Job aborted: RuntimeError: {TASK_MARK}{json.dumps(report)}\n\tat x\nCaused by: {TASK_MARK}..."
    assert Failure.of(RuntimeError(text)).as_json() == report
