"""The silver layer: judges new rows and merges them into a table.

Of the rows with one key one counts: see settle. Only the partitions whose rows
change are written, each by one task; what else is in them stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse_spark import judge, sql, tasks
from lakehouse_spark.lake import WHENCE, Lake
from lakehouse_spark.progress import Begin

Table = dict[str, Any]
Spec = dict[str, Any]
Totals = dict[str, dict[str, int]]

# What tells a record of the lake from all others.
RECORD = ["source_file", "source_row"]


# Which share of the work is done when all rows are judged, which is what package
# remote takes it for, when those that fail are in quarantine, and when it is known
# which rows count. The last two are about what they are where many rows arrive.
JUDGED, SETTLING, SETTLED = 0.5, 0.55, 0.75

# What the ledger calls rows that do not count, by whether the table is distinct.
DROPPED = {False: "superseded", True: "duplicate"}


@dataclass
class Build:
    """One build of a table on its way. What is kept is freed by close."""

    lake: Lake
    binary: tasks.Binary
    table: Table
    spec: Spec
    begin: Begin
    kept: list[DataFrame] = field(default_factory=list)

    @cached_property
    def order(self) -> DataFrame:
        """The number of each source file in the order of ingestion."""
        return F.broadcast(self.keep(judge.order_of(self.lake.session, self.spec)))

    def keep(self, rows: DataFrame) -> DataFrame:
        """Has rows computed once, however often they are used."""
        rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
        self.kept.append(rows)
        return rows

    def close(self) -> None:
        """Frees what is kept."""
        # Those first that are made of others, which else were planned anew without them.
        for rows in reversed(self.kept):
            rows.unpersist()

    @property
    def key(self) -> list[str]:
        """The columns in which rows that stand for the same thing agree; none: every row counts."""
        if self.table["distinct"]:
            return [c["name"] for c in self.table["columns"]]
        return list(self.table["key"])

    @property
    def columns(self) -> list[str]:
        """All columns of the table."""
        return [c["name"] for c in self.table["schema"]]

    @property
    def parts(self) -> list[str]:
        """The columns that it is partitioned by."""
        return list(self.table["partition_by"])


def build(lake: Lake, binary: tasks.Binary, table: Table, spec: Spec, begin: Begin) -> dict[str, Any]:
    """Brings a table up to date, and returns what package remote of lakectl wants to know."""
    b = Build(lake, binary, table, spec, begin)
    try:
        return bring_up(b)
    finally:
        b.close()


def bring_up(b: Build) -> dict[str, Any]:
    """Does the work of a build."""
    present = existing(b)
    if present is not None and b.spec["rejudge"]:
        # Not kept: that were the whole table, of which most uses need a few columns or rows.
        present = judge.rejudge(b.lake, b.table, b.spec, present)
        if present.where("0_lost").head(1):
            return {"needs_rebuild": True}
    judged = b.keep(judge.judge(b.lake, b.table, b.spec, inputs(b)))
    b.begin(0.0, JUDGED)
    totals, counts, rows = count(b, judged)
    b.begin(JUDGED, SETTLING)
    fatal = examples(b, judged, counts)
    quarantined = reject(b, judged, counts)
    good = accepted(b, judged)
    b.begin(SETTLING, SETTLED)
    fresh, hit = settle(b, good, present)
    settled(b, totals, fresh, hit)
    b.begin(SETTLED, 1.0)
    put = write(b, fresh, hit, present) + note(b, fresh, hit)
    return {"put": put, "quarantined": quarantined, "totals": totals, "judged": rows, "counts": counts, "fatal": fatal}


def inputs(b: Build) -> DataFrame:
    """Returns the rows that are to be judged."""
    raw = b.spec["raw_columns"]
    rows = b.lake.raw(b.spec["inputs"], "bronze", b.table["from"], raw).withColumn("0_replay", F.lit(False))
    if b.spec["replay"]:
        again = b.lake.raw(b.spec["replay"], "quarantine", b.table["name"], raw).withColumn("0_replay", F.lit(True))
        rows = rows.unionByName(again)
    return rows


def existing(b: Build) -> DataFrame | None:
    """Returns the rows of the table as it is; None if it has no files."""
    if not b.spec["files"]:
        return None
    return b.lake.table(b.spec["files"], "silver", b.table["name"], b.table["schema"])


def count(b: Build, judged: DataFrame) -> tuple[Totals, dict[str, int], int]:
    """Counts the rows by source file, those that failed by reason, and all.

    By source file good rows count as dropped, until settled finds which are not.
    """
    why = list(judge.reasons(b.table).items())
    sums = [F.sum(F.expr(f"CAST({c} AS INT)")).alias(f"0_reason_{i}") for i, (_, c) in enumerate(why)]
    stats = judged.groupBy("source_file").agg(
        F.count("*").alias("0_rows"),
        F.sum(F.expr("CAST(0_bad AS INT)")).alias("0_rejected"),
        F.sum(F.expr("CAST(0_replay AS INT)")).alias("0_replayed"),
        *sums,
    )
    totals: Totals = {}
    counts = {reason: 0 for reason, _ in why}
    rows = 0
    for row in stats.collect():
        good = row["0_rows"] - row["0_rejected"]
        total = {"quarantined": row["0_rejected"] - row["0_replayed"], DROPPED[b.table["distinct"]]: good}
        totals[row["source_file"]] = total
        rows += row["0_rows"]
        for i, (reason, _) in enumerate(why):
            counts[reason] += row[f"0_reason_{i}"]
    return totals, {reason: n for reason, n in counts.items() if n}, rows


def examples(b: Build, judged: DataFrame, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Returns the first row that fails each check with on_fail: fail."""
    out = []
    for i, check in enumerate(b.table["checks"]):
        if check["on_fail"] != "fail" or not counts.get(check["name"]):
            continue
        row = placed(b, judged.where(f"0_check_{i}")).orderBy("0_file", "source_row").head()
        if row is None:
            raise RuntimeError(f"the check {check['name']} failed {counts[check['name']]} rows, and none is found")
        found = [row[f"0_found_{k}"] if c.get("references") else None for k, c in enumerate(b.table["checks"])]
        whence = {name: row[name] for name in RECORD}
        out.append({"check": check["name"], "raw": list(row["0_all"]), "found": found, **whence})
    return out


def reject(b: Build, judged: DataFrame, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Sends the rows that are not good enough to quarantine, and returns its files."""
    if not counts:
        return []
    found = [f"0_found_{i}" for i, c in enumerate(b.table["checks"]) if c.get("references")]
    added = [*WHENCE.fieldNames(), *found]
    rows = placed(b, judged.where("0_bad")).select("0_all", *added, "0_file")
    rows = rows.repartition("ingestion_date").sortWithinPartitions("ingestion_date", "0_file", "source_row")
    raw = [F.col("0_all").getField(name).alias(f"0_raw_{i}") for i, name in enumerate(b.spec["raw_columns"])]
    return tasks.write(rows.select(*raw, *added), b.binary, b.spec["rejected"])


def accepted(b: Build, judged: DataFrame) -> DataFrame:
    """Returns the good rows with all columns of the table, and their place in the order of ingestion."""
    marks = judge.issues(b.table, judge.flags(b.table))
    rows = judged.where("NOT 0_bad").withColumn("data_quality_issues", F.expr(marks))
    rows = rows.withColumn("data_quality_flag", F.expr("IF(data_quality_issues IS NULL, 'PASSED', 'WARNED')"))
    rows = rows.withColumn("processed_timestamp", F.expr(f"timestamp_micros({b.spec['now']})"))
    return numbered(b, rows.select(*[sql.name(c) for c in b.columns]))


def numbered(b: Build, rows: DataFrame) -> DataFrame:
    """Returns the columns of the table, and the number of the source file in the order of ingestion."""
    return placed(b, rows).select(*[sql.name(c) for c in b.columns], "0_file")


def placed(b: Build, rows: DataFrame) -> DataFrame:
    """Adds the number of the source file in the order of ingestion."""
    unknown = "raise_error(concat('a row says that it is of ', source_file, ', which was never ingested'))"
    rows = rows.join(b.order, "source_file", "left")
    return rows.withColumn("0_file", F.expr(f"coalesce(0_file, CAST({unknown} AS BIGINT))"))


def settle(b: Build, good: DataFrame, present: DataFrame | None) -> tuple[DataFrame, DataFrame | None]:
    """Finds, of the rows with one key, the one that counts.

    Returns the rows that enter the table, and those of the table whose key came
    again (None: there are none), with 0_stays.

    A key with millions of versions is reduced to one where they are read: Spark
    filters the ranks of a window before it shuffles (WindowGroupLimit), so that no
    task gets all of them.
    """
    if not b.key:
        return b.keep(good), None
    hit = None
    candidates = good.withColumn("0_home", F.lit(False))
    if present is not None:
        keys = good.select(*[F.col(sql.name(k)).alias(f"0_key_{i}") for i, k in enumerate(b.key)]).distinct()
        same = " AND ".join(f"{sql.name(k)} <=> 0_key_{i}" for i, k in enumerate(b.key))
        hit = b.keep(numbered(b, present.join(keys, F.expr(same), "left_semi")))
        candidates = candidates.unionByName(hit.withColumn("0_home", F.lit(True)))
    winners = b.keep(choose(b, candidates))
    fresh = winners.where("NOT 0_home").drop("0_home")
    if hit is None:
        return fresh, None
    stay = winners.where("0_home").select(*RECORD).withColumn("0_stays", F.lit(True))
    hit = hit.join(stay, RECORD, "left").withColumn("0_stays", F.coalesce("0_stays", F.lit(False)))
    return fresh, b.keep(hit)


def choose(b: Build, candidates: DataFrame) -> DataFrame:
    """Returns the row of each key that counts."""
    if b.table["distinct"]:
        order = [F.col("0_file").asc(), F.col("source_row").asc()]
    else:
        order = [F.col("0_file").desc(), F.col("source_row").desc()]
        if b.table.get("latest_by"):
            order.insert(0, F.col(sql.name(b.table["latest_by"])).desc_nulls_last())
    versions = Window.partitionBy(*[F.col(sql.name(k)) for k in b.key]).orderBy(*order)
    ranked = candidates.withColumn("0_rank", F.row_number().over(versions))
    return ranked.where("0_rank = 1").drop("0_rank")


def settled(b: Build, totals: Totals, fresh: DataFrame, hit: DataFrame | None) -> None:
    """Adds to the totals which of the good rows entered the table, and which left it."""
    dropped = DROPPED[b.table["distinct"]]
    moves = fresh.groupBy("source_file").agg(F.count("*").alias("entered")).withColumn("left", F.lit(0))
    if hit is not None:
        gone = hit.where("NOT 0_stays").groupBy("source_file").agg(F.count("*").alias("left"))
        moves = moves.unionByName(gone.withColumn("entered", F.lit(0)))
    sums = moves.groupBy("source_file").agg(F.sum("entered").alias("entered"), F.sum("left").alias("left"))
    for row in sums.collect():
        total = totals.setdefault(row["source_file"], {})
        moved = row["entered"] - row["left"]
        total["silver"] = moved
        total[dropped] = total.get(dropped, 0) - moved


def write(b: Build, fresh: DataFrame, hit: DataFrame | None, present: DataFrame | None) -> list[dict[str, Any]]:
    """Writes the partitions that change, and returns their files."""
    rows = fresh.withColumn("0_mark", F.lit(False)).withColumn("0_bucket", bucket(b))
    if present is not None:
        touched = b.keep(changed(b, fresh, hit, present))
        if not touched.head(1):
            return []
        rows = rows.unionByName(kept(b, touched, hit, present))
        # Rows which say that there is a file, though it may have lost its last row.
        rows = rows.unionByName(touched.withColumn("0_mark", F.lit(True)), allowMissingColumns=True)
    columns = [F.col(sql.name(c)) for c in b.columns]
    return tasks.write(spread(b, rows).select(*columns, "0_bucket", "0_mark"), b.binary, b.spec["write"])


def note(b: Build, fresh: DataFrame, hit: DataFrame | None) -> list[dict[str, Any]]:
    """Has it noted which values came to the columns that others refer to, and which went from them."""
    names = b.spec["referenced"]
    if not names:
        return []
    # There always is a row, so that there is a task.
    rows = b.lake.session.range(1).select(F.lit(-1).alias("0_which"))
    for i, name in enumerate(names):
        value = F.col(sql.name(name)).alias("0_value")
        moves = fresh.select(value, F.lit(True).alias("0_came"))
        if hit is not None:
            moves = moves.unionByName(hit.where("NOT 0_stays").select(value, F.lit(False).alias("0_came")))
        # A value that came as well as went was there and still is.
        one_way = moves.groupBy("0_value").agg(F.expr("bool_and(0_came) = bool_or(0_came)").alias("0_one_way"))
        values = one_way.where("0_one_way").select(F.lit(i).alias("0_which"), F.col("0_value").alias(name))
        rows = rows.unionByName(values, allowMissingColumns=True)
    return tasks.write(rows.repartition(1), b.binary, b.spec["changed"])


def bucket(b: Build) -> Column:
    """Returns the number of the file, among those of its partition, that a row is in."""
    return F.expr(b.table["bucket"] or "0").cast("int")


def files(b: Build) -> list[Column]:
    """Returns what tells the file of a row from the others of the table."""
    return [*(F.col(sql.name(p)) for p in b.parts), bucket(b).alias("0_bucket")]


def spread(b: Build, rows: DataFrame) -> DataFrame:
    """Gives each file of the table to one task, its rows in the order of ingestion."""
    place = [*(F.col(sql.name(p)) for p in b.parts), F.col("0_bucket")]
    rows = rows.repartition(*place) if b.parts or b.table["bucket"] else rows.repartition(1)
    return rows.sortWithinPartitions(*place, F.col("0_mark").desc(), "0_file", "source_row")


def changed(b: Build, fresh: DataFrame, hit: DataFrame | None, present: DataFrame) -> DataFrame:
    """Returns the files whose rows change: their partitions and buckets."""
    touched = fresh.select(*files(b))
    if hit is not None:
        touched = touched.unionByName(hit.where("NOT 0_stays").select(*files(b)))
    if b.spec["rejudge"]:
        touched = touched.unionByName(present.where("0_moved").select(*files(b)))
    return touched.distinct()


def kept(b: Build, touched: DataFrame, hit: DataFrame | None, present: DataFrame) -> DataFrame:
    """Returns the rows of the files that change which stay in them."""
    rows = within(b, touched, present)
    if hit is not None:
        rows = rows.join(hit.where("NOT 0_stays").select(*RECORD), RECORD, "left_anti")
    return numbered(b, rows).withColumn("0_mark", F.lit(False)).withColumn("0_bucket", bucket(b))


def within(b: Build, touched: DataFrame, present: DataFrame) -> DataFrame:
    """Returns the rows of some files."""
    if b.parts:
        present = skipping(b, touched, present)
    elif not b.table["bucket"]:
        return present
    place = touched.toDF(*[f"0_place_{i}" for i in range(len(touched.columns))])
    present = present.withColumn("0_bucket", bucket(b))
    same = [f"{sql.name(c)} <=> 0_place_{i}" for i, c in enumerate(touched.columns)]
    return present.join(F.broadcast(place), F.expr(" AND ".join(same)), "left_semi")


# The most values of a partition column that are written into a condition.
MOST_VALUES = 2000


def skipping(b: Build, touched: DataFrame, present: DataFrame) -> DataFrame:
    """Leaves out partitions that do not matter.

    They are skipped by a condition on one of their columns that stands in the
    plan; which rows are meant a join says.
    """
    first = sql.name(b.parts[0])
    firsts = touched.select(F.expr(f"CAST({first} AS STRING)")).distinct()
    values = [row[0] for row in firsts.limit(MOST_VALUES + 1).collect()]
    if len(values) > MOST_VALUES:
        return present
    known = [sql.text(v) for v in values if v is not None]
    tests = [f"CAST({first} AS STRING) IN ({', '.join(known)})"] if known else []
    if None in values:
        tests.append(f"{first} IS NULL")
    return present.where(" OR ".join(tests))
