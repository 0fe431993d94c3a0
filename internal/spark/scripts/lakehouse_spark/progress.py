"""Says how far a request is, by the tasks that Spark has done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

PERIOD = 1.0  # seconds

# Begins a phase of a request, from one share of it to another: see Progress.begin.
Begin = Callable[[float, float], None]

# What share of the rest of a phase is taken to be left when a stage of Spark ends:
# how many stages there will be is not known before.
REST = 0.2


class Progress:
    """The share of a request that is done: it has phases, and these have stages of Spark."""

    def __init__(self, session: SparkSession, say: Callable[[float], None]) -> None:
        self.session = session
        self.say = say  # is told of the share, which never falls
        self.told = 0.0
        self.lock = threading.Lock()
        self.begin(0.0, 1.0)

    def begin(self, share: float, until: float) -> None:
        """Begins a phase: of the request so much is done, and when the phase ends it will be until."""
        with self.lock:
            self.share, self.until = share, until
            self.seen: set[int] = set()  # stages of the phase
        self.tell(share)

    def look(self) -> None:
        """Looks what Spark is doing."""
        active = self.session.sparkContext.statusTracker().getActiveStageIds()
        part = done(self.session, active)
        with self.lock:
            self.seen.update(active)
            left = REST ** (len(self.seen) - len(active)) * (1 - (1 - REST) * part)
            share = self.share + (self.until - self.share) * (1 - left)
        self.tell(share)

    def tell(self, share: float) -> None:
        """Says how far the request is, if it has got on."""
        with self.lock:
            if share <= self.told:
                return
            self.told = share
        self.say(share)


@contextmanager
def reported(session: SparkSession, say: Callable[[float], None]) -> Iterator[Progress]:
    """Reports how far a request is while it is in work."""
    progress = Progress(session, say)
    with meanwhile(PERIOD, progress.look):
        yield progress


@contextmanager
def meanwhile(period: float, look: Callable[[], None]) -> Iterator[None]:
    """Looks every period, in seconds, while the work that it is entered for is going on."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(period):
            look()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def done(session: SparkSession, stages: list[int]) -> float:
    """Returns the share of the tasks of some stages that are done."""
    tracker = session.sparkContext.statusTracker()
    known = [info for info in map(tracker.getStageInfo, stages) if info]
    tasks = sum(info.numTasks for info in known)
    return sum(info.numCompletedTasks for info in known) / tasks if tasks else 0.0
