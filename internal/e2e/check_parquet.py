#!/usr/bin/env python3
"""Checks the Parquet files of a lake with a reader that is not ours.

    check_parquet.py LAKE DESCRIPTION.json

The description says which tables there are and what their files must be:

    {"tables": [{
        "path": "silver/transactions",
        "columns": [{"name": "transaction_id", "type": "string", "nullable": false}, ...],
        "partition_by": [{"name": "transaction_date", "type": "date"}],
        "bloom": ["transaction_id"],
        "lookup": ["transaction_id"],
        "rows": 1875,
        "nulls": {"product_id": 3}
    }]}

Types are those of lakehouse.yaml. "columns" are those in the files, in order;
the partition columns stand in the path only. "bloom", "lookup", "rows",
"nulls" and "partition_by" may be left out. In every file it checks that

  - there is nothing but Parquet below the table's folder, and partition folders
    have the right names and values of their type;
  - the schema is as described: names, order, types, physical types, nulls; no
    INT96, no nanoseconds;
  - pages are compressed with Snappy or Zstd;
  - every column chunk has a null count that is right, bounds that hold every
    value (exact ones, but for long texts), a column index and an offset index;
  - the columns in "bloom" have bloom filters;
  - every value of the columns in "lookup" is found again by a filter, which
    skips row groups by their statistics.

It prints a line for each table, and each fault on a line of its own; the exit
code is 1 if there are any.
"""

import datetime
import decimal
import json
import math
import os
import pathlib
import re
import sys
import urllib.parse

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
SIMPLE = {
    "string": (pa.string(), "BYTE_ARRAY"),
    "binary": (pa.binary(), "BYTE_ARRAY"),
    "boolean": (pa.bool_(), "BOOLEAN"),
    "integer": (pa.int32(), "INT32"),
    "bigint": (pa.int64(), "INT64"),
    "double": (pa.float64(), "DOUBLE"),
    "date": (pa.date32(), "INT32"),
    "timestamp": (pa.timestamp("us", tz="UTC"), "INT64"),
}


def types_of(text):
    """Returns the Arrow and the physical type of a type of lakehouse.yaml."""
    if text in SIMPLE:
        return SIMPLE[text]
    match = re.fullmatch(r"decimal\((\d+),(\d+)\)", text)
    if not match:
        raise ValueError(f"the description has an unknown type {text!r}")
    precision, scale = int(match[1]), int(match[2])
    physical = "INT32" if precision <= 9 else "INT64" if precision <= 18 else "FIXED_LEN_BYTE_ARRAY"
    return pa.decimal128(precision, scale), physical


def partition_value_ok(text, kind):
    """Says whether a text in a path is a value of its type, written as it should be."""
    try:
        if kind == "date":
            return datetime.date.fromisoformat(text).isoformat() == text
        if kind in ("integer", "bigint"):
            return str(int(text)) == text
        if kind.startswith("decimal"):
            return decimal.Decimal(text).is_finite()
        return kind != "boolean" or text in ("true", "false")
    except (ValueError, decimal.InvalidOperation):
        return False


class Table:
    """One table: its description, and the faults found so far."""

    def __init__(self, lake, described):
        self.described = described
        self.folder = lake / described["path"]
        self.columns = described["columns"]
        self.faults = []
        self.rows = 0
        self.nulls = {column["name"]: 0 for column in self.columns}

    def fault(self, file, text):
        where = file.relative_to(self.folder.parent.parent) if file else self.described["path"]
        self.faults.append(f"{where}: {text}")

    def check(self):
        files = []
        for path in sorted(self.folder.rglob("*")):
            if path.is_dir():
                continue
            if path.suffix != ".parquet":
                self.fault(path, "is not Parquet, and stands below a table's folder")
                continue
            files.append(path)
            self.check_path(path)
            try:
                self.check_file(path)
            except (pa.ArrowException, OSError) as error:
                self.fault(path, f"cannot be read: {error}")
        if not files:
            self.fault(None, "has no files")
        self.check_totals()
        return len(files)

    def check_path(self, path):
        wanted = self.described.get("partition_by") or []
        folders = path.relative_to(self.folder).parts[:-1]
        if len(folders) != len(wanted):
            self.fault(path, f"stands in {len(folders)} folders, not in one for each of {[c['name'] for c in wanted]}")
            return
        for folder, column in zip(folders, wanted):
            name, _, value = folder.partition("=")
            value = urllib.parse.unquote(value)
            if name != column["name"]:
                self.fault(path, f"folder {folder} is not of the partition column {column['name']}")
            elif value != NULL_PARTITION and not partition_value_ok(value, column["type"]):
                self.fault(path, f"folder {folder} has no value of type {column['type']}")

    def check_file(self, path):
        file = pq.ParquetFile(path)
        if not self.check_schema(path, file):
            return
        for group in range(file.num_row_groups):
            data = file.read_row_group(group)
            meta = file.metadata.row_group(group)
            if data.num_rows != meta.num_rows:
                self.fault(path, f"row group {group} says {meta.num_rows} rows and has {data.num_rows}")
            for index, column in enumerate(self.columns):
                self.check_chunk(path, f"row group {group}, {column['name']}", meta.column(index), data.column(index), column)
        self.rows += file.metadata.num_rows
        for name in self.described.get("lookup") or []:
            self.check_lookup(path, name)

    def check_schema(self, path, file):
        names = file.schema_arrow.names
        wanted = [column["name"] for column in self.columns]
        if names != wanted:
            self.fault(path, f"has the columns {names}, not {wanted}")
            return False
        for index, column in enumerate(self.columns):
            field, leaf = file.schema_arrow.field(index), file.schema.column(index)
            arrow, physical = types_of(column["type"])
            if field.type != arrow:
                self.fault(path, f"{column['name']} is {field.type}, not {arrow}")
            if leaf.physical_type != physical:
                self.fault(path, f"{column['name']} is stored as {leaf.physical_type}, not {physical}")
            if field.nullable != column.get("nullable", True):
                self.fault(path, f"{column['name']} is {'' if field.nullable else 'not '}nullable, which is wrong")
        return True

    def check_chunk(self, path, where, chunk, data, column):
        if chunk.compression not in ("SNAPPY", "ZSTD"):
            self.fault(path, f"{where}: compressed with {chunk.compression}, not with Snappy or Zstd")
        if not chunk.has_column_index or not chunk.has_offset_index:
            self.fault(path, f"{where}: has no page index")
        if column["name"] in (self.described.get("bloom") or []) and not chunk.bloom_filter_offset:
            self.fault(path, f"{where}: has no bloom filter")
        self.nulls[column["name"]] += data.null_count
        stats = chunk.statistics
        if stats is None or not stats.has_null_count:
            self.fault(path, f"{where}: has no null count")
            return
        if stats.null_count != data.null_count:
            self.fault(path, f"{where}: says {stats.null_count} nulls and has {data.null_count}")
        self.check_bounds(path, where, stats, data)

    def check_bounds(self, path, where, stats, data):
        if pa.types.is_floating(data.type):
            data = data.filter(pc.invert(pc.is_nan(data)))
        values = data.drop_null()
        if len(values) == 0:
            return
        if not stats.has_min_max:
            self.fault(path, f"{where}: has no bounds")
            return
        low, high = least_and_greatest(values)
        said_low, said_high = as_comparable(stats.min, low), as_comparable(stats.max, high)
        if said_low > low or said_high < high:
            self.fault(path, f"{where}: bounds {said_low!r} to {said_high!r} do not hold {low!r} to {high!r}")
        exact = not isinstance(low, bytes) or max(len(low), len(high)) <= 64
        if exact and (said_low != low or said_high != high):
            self.fault(path, f"{where}: bounds {said_low!r} to {said_high!r} are wider than {low!r} to {high!r}")

    def check_lookup(self, path, name):
        values = pq.ParquetFile(path).read(columns=[name]).column(0)
        counts = {pair["values"]: pair["counts"] for pair in values.value_counts().to_pylist()}
        counts.pop(None, None)
        step = max(1, len(counts) // 50)
        for value in sorted(counts)[::step]:
            # A reader by path takes a partition in the path for a column: give it the file alone.
            # Arrow's own file: a thread of its pool may drop the last reference to it, and
            # must not need the interpreter for that (apache/arrow#45017).
            with pa.OSFile(str(path), "rb") as source:
                found = pq.read_table(source, columns=[name], filters=[(name, "=", value)], use_threads=False).num_rows
            if found != counts[value]:
                self.fault(path, f"{name} = {value!r} is found {found} times, not {counts[value]}")

    def check_totals(self):
        rows = self.described.get("rows")
        if rows is not None and rows != self.rows:
            self.fault(None, f"has {self.rows} rows, not {rows}")
        for name, nulls in (self.described.get("nulls") or {}).items():
            if self.nulls.get(name) != nulls:
                self.fault(None, f"{name} has {self.nulls.get(name)} nulls, not {nulls}")


def least_and_greatest(values):
    """Returns the bounds of values in the order that Parquet gives them: texts by bytes."""
    if pa.types.is_string(values.type) or pa.types.is_binary(values.type):
        values = pc.cast(values, pa.binary()).to_pylist()
        return min(values), max(values)
    bounds = pc.min_max(values).as_py()
    return bounds["min"], bounds["max"]


def as_comparable(bound, like):
    """Returns a bound from statistics as the type of the values."""
    if isinstance(like, bytes) and isinstance(bound, str):
        return bound.encode()
    if isinstance(like, datetime.datetime) and isinstance(bound, datetime.datetime) and bound.tzinfo is None:
        return bound.replace(tzinfo=datetime.timezone.utc)
    if isinstance(like, decimal.Decimal) and isinstance(bound, (int, bytes)):
        unscaled = int.from_bytes(bound, "big", signed=True) if isinstance(bound, bytes) else bound
        return decimal.Decimal(unscaled).scaleb(like.as_tuple().exponent)
    if isinstance(like, float) and like == 0 and math.copysign(1, bound) != math.copysign(1, like):
        return like if bound == 0 else bound
    return bound


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    lake = pathlib.Path(arguments[0])
    with open(arguments[1], encoding="utf-8") as source:
        described = json.load(source)
    faults = []
    decimal.getcontext().prec = 60
    for table in (Table(lake, entry) for entry in described["tables"]):
        files = table.check()
        faults += table.faults
        print(f"{'FAIL' if table.faults else 'ok'}\t{table.described['path']}\t{files} files\t{table.rows} rows")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is checked and said. Taking the interpreter down while threads of Arrow's
    # pools still run aborts the process now and then (apache/arrow#34314, #45017).
    os._exit(code)
