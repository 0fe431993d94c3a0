"""Tests that check_parquet.py finds what it is meant to find.

Run by `make e2e`: python -m unittest check_parquet_test
"""

import contextlib
import datetime
import decimal
import io
import json
import pathlib
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

import check_parquet

COLUMNS = [
    {"name": "id", "type": "string", "nullable": False},
    {"name": "at", "type": "timestamp"},
    {"name": "day", "type": "date"},
    {"name": "small", "type": "decimal(9,2)"},
    {"name": "amount", "type": "decimal(18,2)"},
    {"name": "total", "type": "decimal(38,2)"},
    {"name": "n", "type": "integer"},
    {"name": "x", "type": "double"},
]
SCHEMA = pa.schema([pa.field(c["name"], check_parquet.types_of(c["type"])[0], c.get("nullable", True)) for c in COLUMNS])
OPTIONS = {"write_page_index": True, "store_decimal_as_integer": True, "bloom_filter_options": {"id": {"ndv": 100, "fpp": 0.01}}}


def rows(schema=SCHEMA):
    at = datetime.datetime(2026, 8, 1, 10, 11, 12, 13, tzinfo=datetime.timezone.utc)
    money = decimal.Decimal
    values = {
        "id": ["a", "b", "王" * 100],
        "at": [at, None, at],
        "day": [at.date(), None, at.date()],
        "small": [money("-1.50"), money("2.00"), None],
        "amount": [money("-1.50"), money("2.00"), None],
        "total": [money("-1.50"), money("2.00"), None],
        "n": [None, None, None],
        "x": [float("nan"), -0.0, 1.5],
    }
    return pa.table([pa.array(values[f.name], f.type) for f in schema], schema=schema)


class CheckParquet(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.lake = pathlib.Path(self.temporary.name)
        self.table = {"path": "silver/t", "columns": COLUMNS, "partition_by": [{"name": "d", "type": "date"}],
                      "bloom": ["id"], "lookup": ["id"], "rows": 3, "nulls": {"n": 3, "id": 0, "at": 1}}

    def write(self, table, folder="d=2026-08-01", **options):
        path = self.lake / "silver" / "t" / folder / "t.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, **{**OPTIONS, **options})

    def check(self):
        (self.lake / "description.json").write_text(json.dumps({"tables": [self.table]}))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = check_parquet.main([str(self.lake), str(self.lake / "description.json")])
        self.assertEqual(code == 0, out.getvalue().startswith("ok\t"))
        return out.getvalue()

    def assert_fault(self, text):
        self.assertIn(text, self.check())

    def test_good(self):
        self.write(rows())
        self.assertEqual(self.check(), "ok\tsilver/t\t1 files\t3 rows\n")

    def test_null_partition(self):
        self.write(rows(), folder="d=" + check_parquet.NULL_PARTITION)
        self.assertTrue(self.check().startswith("ok"))

    def test_wrong_partition(self):
        self.write(rows(), folder="d=2026-8-1")
        self.assert_fault("no value of type date")

    def test_no_partition(self):
        self.write(rows(), folder=".")
        self.assert_fault("stands in 0 folders")

    def test_no_bloom_filter(self):
        self.write(rows(), bloom_filter_options=None)
        self.assert_fault("no bloom filter")

    def test_no_page_index(self):
        self.write(rows(), write_page_index=False)
        self.assert_fault("no page index")

    def test_no_statistics(self):
        self.write(rows(), write_statistics=False)
        self.assert_fault("has no null count")

    def test_no_compression(self):
        self.write(rows(), compression="none")
        self.assert_fault("UNCOMPRESSED")

    def test_column_order(self):
        self.write(rows(pa.schema([SCHEMA.field(i) for i in (1, 0, 2, 3, 4, 5, 6, 7)])))
        self.assert_fault("has the columns ['at', 'id'")

    def test_type(self):
        self.write(rows(SCHEMA.set(6, pa.field("n", pa.int64()))))
        self.assert_fault("n is int64, not int32")

    def test_nullable(self):
        self.write(rows(SCHEMA.set(0, pa.field("id", pa.string()))))
        self.assert_fault("id is nullable, which is wrong")

    def test_int96(self):
        self.write(rows(), use_deprecated_int96_timestamps=True)
        self.assert_fault("stored as INT96")

    def test_decimals_as_bytes(self):
        self.write(rows(), store_decimal_as_integer=False)
        self.assert_fault("amount is stored as FIXED_LEN_BYTE_ARRAY, not INT64")

    def test_totals(self):
        self.table.update(rows=4, nulls={"at": 2})
        self.write(rows())
        self.assert_fault("has 3 rows, not 4")
        self.assert_fault("at has 1 nulls, not 2")

    def test_strange_file(self):
        self.write(rows())
        (self.lake / "silver" / "t" / "README").write_text("x")
        self.assert_fault("is not Parquet")

    def test_broken_file(self):
        self.write(rows())
        (self.lake / "silver" / "t" / "d=2026-08-01" / "u.parquet").write_bytes(b"PAR1 and no more")
        self.assert_fault("cannot be read")

    def test_nothing(self):
        self.table.pop("rows")
        self.assert_fault("has no files")


class Bounds(unittest.TestCase):
    """Statistics that lie, which pyarrow does not write."""

    class Statistics:
        has_min_max = True

        def __init__(self, low, high):
            self.min, self.max = low, high

    def faults(self, low, high, values):
        table = check_parquet.Table(pathlib.Path("/lake"), {"path": "silver/t", "columns": []})
        table.check_bounds(pathlib.Path("/lake/silver/t/x.parquet"), "id", self.Statistics(low, high), pa.chunked_array([values]))
        return " ".join(table.faults)

    def test_texts(self):
        self.assertEqual(self.faults("a", "b", pa.array(["a", "b"])), "")
        self.assertIn("do not hold", self.faults("", "", pa.array(["a", "b"])))
        self.assertIn("wider", self.faults("a", "c", pa.array(["a", "b"])))

    def test_long_texts(self):
        long = "x" * 100
        self.assertEqual(self.faults("x" * 16, "x" * 15 + "y", pa.array([long])), "")
        self.assertIn("do not hold", self.faults("x" * 16, "x" * 16, pa.array([long])))

    def test_numbers(self):
        self.assertEqual(self.faults(1, 2, pa.array([1, 2, None])), "")
        self.assertIn("do not hold", self.faults(2, 2, pa.array([1, 2])))
        money = pa.array([decimal.Decimal("-1.00"), decimal.Decimal("2.00")])
        self.assertEqual(self.faults(decimal.Decimal("-1.00"), decimal.Decimal("2.00"), money), "")
        self.assertIn("do not hold", self.faults(decimal.Decimal("2.00"), decimal.Decimal("-1.00"), money))

    def test_zeros(self):
        self.assertEqual(self.faults(-0.0, 0.0, pa.array([0.0, -0.0, float("nan")])), "")


if __name__ == "__main__":
    unittest.main()
