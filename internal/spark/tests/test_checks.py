"""What checks of whole tables ask of the rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tables
from lakehouse_spark import checks
from lakehouse_spark.lake import Lake
from tables import expression

SALES = {
    "schema": tables.schema(n="int", price="decimal(38,2)", real="double", shop="string"),
    "partition_by": ["shop"],
}
DECIMAL = "decimal(38,2)"


def spec(*columns: str, **other: Any) -> checks.Spec:
    """Returns a request about a table without files."""
    return {"layer": "silver", "table": "t", "columns": columns, "published": [], "staged": [], "where": None, **other}


def put(lake: Lake, name: str, *rows: tuple[int | None, str | None]) -> str:
    """Writes numbers and prices, these as doubles too, to a file below the lake, and returns its name."""
    texts = lake.session.createDataFrame(list(rows), "n int, price string")
    typed = texts.selectExpr("n", f"TRY_CAST(price AS {DECIMAL}) AS price", "CAST(price AS double) AS real")
    typed.coalesce(1).write.parquet(f"{lake.url}/{name}.parts")
    root = Path(lake.url.removeprefix("file://"))
    (written,) = (root / f"{name}.parts").glob("*.parquet")
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    written.rename(root / name)
    return name


def waiting(lake: Lake, name: str, shop: str | None, *rows: tuple[int | None, str | None]) -> dict[str, Any]:
    """Writes a file that waits to be published."""
    return {"object": put(lake, f"_stage/{name}", *rows), "partition": {"shop": shop}}


def test_values_that_do_not_repeat(lake: Lake) -> None:
    files = [put(lake, "silver/t/shop=a/part-0", (1, "1"), (2, None), (None, "1"), (None, "1"))]
    ask = spec("n", published=files)
    assert checks.unique(lake, SALES, ask) == {"rows": 4, "unique": True, "complete": 2}
    assert checks.unique(lake, SALES, {**ask, "columns": ["price"]}) == {"rows": 4, "unique": False, "complete": 3}


def test_one_nan_is_as_the_other(lake: Lake) -> None:
    ask = spec("real", published=[put(lake, "silver/t/shop=a/part-0", (1, "NaN"), (2, "1"), (3, None))])
    assert checks.unique(lake, SALES, ask) == {"rows": 3, "unique": True, "complete": 2}
    ask["published"].append(put(lake, "silver/t/shop=b/part-0", (1, "NaN")))
    assert checks.unique(lake, SALES, ask) == {"rows": 4, "unique": False, "complete": 3}


def test_partitions_of_files_that_wait_are_known(lake: Lake) -> None:
    published = [put(lake, "silver/t/shop=a/part-0", (1, "1"))]
    staged = [waiting(lake, "f1", "b", (1, "1")), waiting(lake, "f2", None, (1, "1"), (1, "1"))]
    ask = spec("n", "shop", published=published, staged=staged)
    assert checks.unique(lake, SALES, ask) == {"rows": 4, "unique": True, "complete": 2}
    staged.append(waiting(lake, "f3", "a", (1, "2")))
    assert checks.unique(lake, SALES, ask) == {"rows": 5, "unique": False, "complete": 3}
    assert checks.unique(lake, SALES, {**ask, "columns": ["shop"]}) == {"rows": 5, "unique": False, "complete": 3}


def test_a_table_without_rows(lake: Lake) -> None:
    assert checks.unique(lake, SALES, spec("n")) == {"rows": 0, "unique": True, "complete": 0}
    assert checks.total(lake, SALES, spec("price", type=DECIMAL)) == {"rows": 0, "sum": "0"}


@pytest.mark.parametrize(
    ("prices", "total"),
    [
        (["1.50", "2.50", None], "4.00"),
        (["1.50", "-1.50"], "0.00"),
        ([None], "0"),
        (["9" * 36, "1"], ""),  # does not fit
    ],
)
def test_sums(lake: Lake, prices: list[str | None], total: str) -> None:
    ask = spec("price", type=DECIMAL, staged=[waiting(lake, "f", "a", *[(i, p) for i, p in enumerate(prices)])])
    assert checks.total(lake, SALES, ask) == {"rows": len(prices), "sum": total}


@pytest.mark.parametrize(
    ("where", "total"),
    [
        (expression("`t`.`n` > 1"), "6.00"),
        (expression("`t`.`shop` = 'b'"), "4.00"),
        (expression("`t`.`n` > 9"), "0"),
        (expression("try_divide(6, `t`.`n` - 1) > 2", "(`t`.`n` <=> 1)"), ""),  # not known of a row
    ],
)
def test_sums_of_some_rows(lake: Lake, where: dict[str, str], total: str) -> None:
    published = [put(lake, "silver/t/shop=a/part-0", (1, "1"), (2, "2"), (None, "8"))]
    ask = spec("price", type=DECIMAL, where=where, published=published, staged=[waiting(lake, "f", "b", (3, "4"))])
    assert checks.total(lake, SALES, ask) == {"rows": 4, "sum": total}
