"""What the tests share: one small Spark on this machine, and a lakectl that is none."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse_spark import session as sessions
from lakehouse_spark.lake import Lake
from lakehouse_spark.tasks import Binary

SCRIPTS = Path(__file__).parents[1] / "scripts"

# A compiled project, as package spark of lakectl makes it.
PROJECT = Path(__file__).parents[1] / "testdata" / "sample.json"

# A handful of rows is not worth the time to compile code for them.
FLAGS = [
    "--master local[1] --driver-memory 1g",
    "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'",
    "--conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1",
    "--conf spark.sql.shuffle.partitions=1 --conf spark.sql.codegen.wholeStage=false",
]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A session as the program starts it, with a task for each shuffle."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = str(SCRIPTS)  # of the executors
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join([*FLAGS, "pyspark-shell"])
    session = sessions.start()
    session.sparkContext.setLogLevel("OFF")
    for key, value in json.loads(PROJECT.read_text(encoding="utf-8"))["spark_settings"].items():
        session.conf.set(key, value)
    yield session
    session.stop()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A lake without tables."""
    return Lake(spark, f"file://{tmp_path}")


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Binary]:
    """Makes a lakectl of the body of a function of Python, which gets order and rows."""

    def make(body: str) -> Binary:
        path = tmp_path / "lakectl"
        path.write_text(FAKE.format(python=sys.executable, body=body))
        path.chmod(0o700)
        return Binary(str(path), shipped=False)

    return make


FAKE = """#!{python}
import json, os, sys

order = json.loads(sys.stdin.buffer.readline())


def rows():
    import pyarrow as pa  # takes its time, and not every task has rows

    with pa.ipc.open_stream(sys.stdin.buffer) as stream:
        return stream.read_all()


def report(**fields):
    print(json.dumps(fields, default=str))


{body}
"""
