"""Says how far a request is, by the tasks that Spark has done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

PERIOD = 1.0  # seconds


@contextmanager
def reported(session: SparkSession, request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Reports, while a request to take files in is in work, the bytes of those that are done."""
    if request["do"] != "ingest":
        yield
        return
    total = sum(request["spec"]["bytes"])
    told = 0

    def tell() -> None:
        nonlocal told
        now = int(total * share(session))
        if now > told:
            say({"id": request["id"], "progress": {"rows": 0, "bytes": now - told}})
            told = now

    with meanwhile(PERIOD, tell):
        yield


@contextmanager
def meanwhile(period: float, look: Callable[[], None]) -> Iterator[None]:
    """Looks every period, in seconds, while the work that it is entered for is going on."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(period):
            look()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def share(session: SparkSession) -> float:
    """Returns the share of the tasks of the active stages that are done."""
    tracker = session.sparkContext.statusTracker()
    stages = [tracker.getStageInfo(i) for i in tracker.getActiveStageIds()]
    tasks = sum(s.numTasks for s in stages if s)
    return sum(s.numCompletedTasks for s in stages if s) / tasks if tasks else 0.0
