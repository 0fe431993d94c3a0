"""How far a request is."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse_spark.progress import Progress, reported

Stages = dict[int, tuple[int, int]]


class FakeSpark:
    """A session whose active stages have so many tasks, of which so many are done."""

    def __init__(self) -> None:
        self.stages: Stages = {}
        tracker = SimpleNamespace(getActiveStageIds=lambda: sorted(self.stages), getStageInfo=self.info)
        self.sparkContext = SimpleNamespace(statusTracker=lambda: tracker)

    def info(self, stage: int) -> Any:
        if stage < 0:  # it has just ended
            return None
        tasks, done = self.stages[stage]
        return SimpleNamespace(numTasks=tasks, numCompletedTasks=done)


@pytest.mark.parametrize(
    ("steps", "shares"),
    [
        ([{}, {}], []),
        ([{1: (10, 0)}, {1: (10, 5)}, {1: (10, 10)}, {}], [0.4, 0.8]),
        ([{1: (4, 4)}, {2: (4, 0)}, {2: (4, 2)}, {3: (9, 9)}], [0.8, 0.88, 0.992]),
        ([{1: (2, 1), 2: (2, 1)}, {2: (2, 1)}], [0.4, 0.88]),
        ([{1: (4, 3)}, {1: (4, 2)}], [0.6]),  # a task is done again
        ([{-1: (0, 0)}], []),
    ],
)
def test_stage_by_stage(steps: list[Stages], shares: list[float]) -> None:
    spark, told = FakeSpark(), list[float]()
    progress = Progress(spark, told.append)  # type: ignore[arg-type]
    for stages in steps:
        spark.stages = stages
        progress.look()
    assert told == pytest.approx(shares)


def test_phases_begin_where_the_last_ended() -> None:
    spark, told = FakeSpark(), list[float]()
    progress = Progress(spark, told.append)  # type: ignore[arg-type]
    progress.begin(0.0, 0.5)
    spark.stages = {7: (2, 1)}
    progress.look()
    progress.begin(0.5, 1.0)
    spark.stages = {8: (2, 2)}
    progress.look()
    progress.begin(0.5, 0.6)  # somebody works twice: nothing is taken back
    assert told == pytest.approx([0.2, 0.5, 0.9])


def test_spark_is_looked_at_while_it_works(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse_spark.progress.PERIOD", 0.01)
    told, half = list[float](), threading.Event()

    def tell(share: float) -> None:
        told.append(share)
        if share >= 0.4:
            half.set()

    with reported(spark, tell):
        # Of two tasks, one after the other, the second is long enough to be seen.
        spark.sparkContext.parallelize([0, 1.5], 2).map(time.sleep).count()
    assert half.is_set()
    assert told == sorted(told)
