"""Makes the session of Spark."""

from __future__ import annotations

import os
import time

from pyspark.sql import SparkSession

# What must stand before the session begins. A task is not run twice at a time for
# speed, as each writes a file. What is kept is compressed where it goes to disk, and
# not by columns, which costs more time than it saves memory.
BEFORE = {
    "spark.speculation": "false",
    "spark.rdd.compress": "true",
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
    "spark.sql.analyzer.maxIterations": "1000",
    "spark.sql.optimizer.maxIterations": "1000",
    "spark.sql.maxPlanStringLength": "10000",
    "spark.sql.debug.maxToStringFields": "0",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.autoBroadcastJoinThreshold": "32m",
    "spark.ui.showConsoleProgress": "false",
}


# What a task of a shuffle gets of the files that are read, in bytes: they are
# compressed, and rows take some ten times as much.
SHARE = 16 << 20
MOST_SHARES = 20_000

SHUFFLES = "spark.sql.shuffle.partitions"

# From how many bytes on it pays that Spark plans again after each stage, by what
# came out of it. It writes each of the plans down, which takes longer than the work
# on few rows.
LARGE = 128 << 20

ADAPTIVE = "spark.sql.adaptive.enabled"


def spread(session: SparkSession, read: int, wanted: int = 0) -> None:
    """Sets how many tasks shuffles have: those wanted, or as many as suit the bytes that are read.

    What whoever started Spark has set is wanted, too.
    """
    cores = session.sparkContext.defaultParallelism
    given = session.sparkContext.getConf().get(SHUFFLES)
    tasks = wanted or given or min(max(read // SHARE, cores), MOST_SHARES)
    session.conf.set(SHUFFLES, str(tasks))
    session.conf.set(ADAPTIVE, str(read >= LARGE).lower())


def start() -> SparkSession:
    """Returns a session whose times are in UTC."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    builder = SparkSession.builder.appName("lakectl")
    for key, value in BEFORE.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
