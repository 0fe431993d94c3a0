"""Errors that lakectl prints: what happened, and what to do next."""

from __future__ import annotations

import json
from typing import Any

# Exit codes of lakectl.
UNEXPECTED = 1
GATE = 3
TRANSIENT = 4

# Begins the message of an error that an expression raises for a row or a group
# whose data allow no result, and ends it: values in it may have lines.
GATE_MARK = "lakectl gate: "
GATE_END = " :lakectl gate"

# Begins the message of an error that a task raises, so that Spark tries it again;
# the error that it reports follows, as JSON.
TASK_MARK = "lakectl task: "


class Failure(Exception):
    """An error with its class, as package task of lakectl has it."""

    def __init__(self, message: str, class_: int = UNEXPECTED, next_: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.class_ = class_
        self.next_ = next_

    def __reduce__(self) -> tuple[Any, ...]:
        return Failure, (self.message, self.class_, self.next_)

    @classmethod
    def of_report(cls, error: dict[str, Any]) -> Failure:
        """Returns the error of a task's report."""
        return cls(error["message"], error["class"], error.get("next", ""))

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Returns what an error of Spark says to somebody who runs a pipeline."""
        if isinstance(error, Failure):
            return error
        text = str(error)
        # An error in an expression quotes the SQL around it, which may have the mark too.
        raised = "RuntimeException: " + GATE_MARK
        if raised in text:
            return data_error(text.split(raised, 1)[1].split(GATE_END, 1)[0])
        if TASK_MARK in text:
            reported, _ = json.JSONDecoder().raw_decode(text, text.index(TASK_MARK) + len(TASK_MARK))
            return cls.of_report(reported)
        what = cause(text) or type(error).__name__
        return cls("Spark: " + what[:2000], UNEXPECTED, "the log of Spark has the whole of it")

    def as_json(self) -> dict[str, Any]:
        """Returns the error as answers and reports have it."""
        return {"class": self.class_, "message": self.message, "next": self.next_}


def cause(text: str) -> str:
    """Returns the line of an error of Spark that says what is behind it."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    begins = [i for i, line in enumerate(lines) if line.endswith("Traceback (most recent call last):")]
    if begins:  # of Python on an executor: its last line, before the frames of Java
        trace = lines[begins[-1] :]
        frames = [i for i, line in enumerate(trace) if line.startswith("\tat ")]
        return trace[frames[0] - 1 if frames else -1]
    behind = [line for line in lines if line.startswith(("Caused by: ", ": "))]
    if behind:
        return behind[-1].removeprefix("Caused by: ").removeprefix(": ")
    return lines[0] if lines else ""


def data_error(message: str) -> Failure:
    """Returns the error of data that do not allow a gold table to be built."""
    return Failure(message, GATE, "correct the data or the expression; nothing of gold was published")
