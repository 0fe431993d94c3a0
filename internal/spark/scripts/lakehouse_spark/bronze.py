"""The bronze layer: lakectl reads each raw file in a task of its own."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from lakehouse_spark import tasks

# The most tasks that Spark is given at a time; with more files each takes several.
MOST_TASKS = 10_000


def ingest(session: SparkSession, binary: tasks.Binary, spec: dict[str, Any]) -> dict[str, Any]:
    """Takes files in, and returns a report of each, in their order."""
    orders: list[str] = spec["orders"]
    # The largest first, so that the last to end is not a large one.
    by_size = sorted(range(len(orders)), key=lambda i: -spec["bytes"][i])
    work = session.sparkContext.parallelize([(i, orders[i]) for i in by_size], min(len(orders), MOST_TASKS))
    done = dict(work.map(lambda item: (item[0], tasks.run(binary, item[1]))).collect())
    return {"reports": [done[i] for i in range(len(orders))]}
