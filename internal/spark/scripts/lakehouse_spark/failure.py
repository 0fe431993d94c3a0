"""Errors that lakectl prints: what happened, and what to do next."""

from __future__ import annotations

from typing import Any

# Exit codes of lakectl.
UNEXPECTED = 1
GATE = 3
TRANSIENT = 4

# Begins the message of an error that an expression raises for a row or a group
# whose data allow no result.
GATE_MARK = "lakectl gate: "


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
        return cls(error["message"], error["class"], error.get("next", ""))

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Returns what an error of Spark says to somebody who runs a pipeline."""
        if isinstance(error, Failure):
            return error
        text = str(error)
        if GATE_MARK in text:
            return data_error(text.split(GATE_MARK, 1)[1].splitlines()[0])
        lines = [line for line in text.strip().splitlines() if line.strip()]
        what = lines[0] if lines else type(error).__name__
        cause = [line for line in lines[1:] if line.startswith(("Caused by:", "java.", "org.apache."))][-1:]
        return cls("Spark: " + " ".join([what, *cause])[:2000], UNEXPECTED, "the log of Spark has the whole of it")

    def as_json(self) -> dict[str, Any]:
        return {"class": self.class_, "message": self.message, "next": self.next_}


def data_error(message: str) -> Failure:
    """Returns the error of data that do not allow a gold table to be built."""
    return Failure(message, GATE, "correct the data or the expression; nothing of gold was published")
