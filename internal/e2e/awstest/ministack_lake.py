"""Starts ministack 1.5.33 with what a lakehouse needs and it lacks.

The environment is ministack's own: GATEWAY_PORT, BIND_HOST, MINISTACK_ACCOUNT_ID.
Each change stands with its reason: what ministack does without it. Its Athena is
DuckDB over the Parquet files below a table's location in the catalog. What stays
wrong, and what the flow .ci/e2e-athena does not ask for that reason:
- no UNLOAD, CTAS, EXPLAIN of Trino's kind, SHOW, DESCRIBE, nor comma joins;
- partitions in the catalog are not read: all files below the location are;
- a workgroup that is not there is told as "No output location provided";
- a stopped statement goes on, and is SUCCEEDED in the end;
- DataScannedInBytes is the length of the result.
"""
import datetime
import decimal
import json
import urllib.parse
import uuid

import sqlglot
from ministack import app
from ministack.services import athena, glue, s3
from ministack.services.cloudformation import changesets, provisioners

# --- CloudFormation --------------------------------------------------------------


def create_named_query(logical_id, props, stack_name):
    ident = str(uuid.uuid4())
    athena._named_queries[ident] = {
        "NamedQueryId": ident,
        "Name": props.get("Name", logical_id),
        "Description": props.get("Description", ""),
        "Database": props["Database"],
        "QueryString": props["QueryString"],
        "WorkGroup": props.get("WorkGroup", "primary"),
    }
    return ident, {"NamedQueryId": ident}


def delete_named_query(physical_id, props):
    athena._named_queries.pop(physical_id, None)


def create_security_configuration(logical_id, props, stack_name):
    asked = {"Name": props["Name"], "EncryptionConfiguration": props["EncryptionConfiguration"]}
    provisioners._glue_call(
        glue._create_security_configuration, asked, "AWS::Glue::SecurityConfiguration", "create"
    )
    return props["Name"], {}


def delete_security_configuration(physical_id, props):
    glue._delete_security_configuration({"Name": physical_id})


# Without: "Unrecognized resource types".
provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {
    "create": create_named_query,
    "delete": delete_named_query,
}
provisioners._RESOURCE_HANDLERS["AWS::Glue::SecurityConfiguration"] = {
    "create": create_security_configuration,
    "delete": delete_security_configuration,
}

plain_alarm = provisioners._cw_metric_alarm_record


def alarm(name, props):
    """An alarm; one of metric mathematics becomes one of its first metric.

    Without: "Properties.Metrics (metric math) is not supported".
    """
    props = dict(props)
    for m in props.pop("Metrics", None) or []:
        if "MetricStat" in m and "MetricName" not in props:
            stat = m["MetricStat"]
            props.update(stat["Metric"], Statistic=stat["Stat"], Period=stat["Period"])
    return plain_alarm(name, props)


provisioners._cw_metric_alarm_record = alarm

# Without: buckets that ImportExistingResources takes in are refused as being there.
provisioners.s3_bucket_name_conflict = lambda name: None


def importable(kind, key, there):
    """Lets ImportExistingResources take in what ministack takes in no way."""

    def problem(value):
        return None if there(value) else f"{kind} {value} does not exist"

    changesets._IMPORT_LOOKUPS[kind] = ((key,), problem)
    provisioners._RESOURCE_HANDLERS[kind]["import"] = lambda identifier: (identifier[key], {})


importable("AWS::Glue::Database", "DatabaseName", lambda name: name in glue._databases)
importable("AWS::S3::BucketPolicy", "Bucket", lambda name: name in s3._bucket_policies)

# --- Athena ----------------------------------------------------------------------

plain_start = athena._start_query_execution


def bound(sql, values):
    """The statement with a value for each ? that is outside of texts and comments."""
    marks = [t for t in athena._sql_tokens(sql) if t[:2] == ("punct", "?")]
    if len(marks) != len(values):
        raise ValueError(
            f"Incorrect number of parameters: expected {len(marks)} but found {len(values)}"
        )
    for (_, _, start, end), value in reversed(list(zip(marks, values))):
        sql = sql[:start] + value + sql[end:]
    return sql


def start(data):
    """Starts a statement with its ExecutionParameters.

    Without: they are ignored, and the statement fails for want of them.
    """
    sql, values = data.get("QueryString", ""), data.get("ExecutionParameters") or []
    try:
        statement = bound(sql, values)
    except ValueError as e:
        return athena.error_response_json("InvalidRequestException", str(e), 400)
    answer = plain_start({**data, "QueryString": statement})
    if answer[0] == 200:
        execution = athena._executions[json.loads(answer[2])["QueryExecutionId"]]
        execution["Query"] = sql
        if values:
            execution["ExecutionParameters"] = values
    return answer


athena._start_query_execution = start

plain_rewrite = athena._rewrite_data_paths


async def rewrite(query, database, catalog=None):
    """Translates the SQL. Without: DuckDB's functions and rules in place of Trino's."""
    translated = sqlglot.transpile(query, read="athena", write="duckdb")[0]
    return await plain_rewrite(translated, database, catalog)


athena._rewrite_data_paths = rewrite

# Without: timestamps of Parquet in units other than the microsecond are texts.
for unit in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
    athena._DUCKDB_TYPE_MAP[unit] = "timestamp"


class DecimalType(str):
    """The name of the type decimal, which knows its scale."""

    scale = 0


plain_run = athena._run_duckdb


async def run(query, database, catalog=None):
    """Runs a statement. Without: all decimals are told as decimal(38,0)."""
    results = await plain_run(query, database, catalog)
    types = results["column_types"]
    for i, name in enumerate(types):
        if name == "decimal":
            types[i] = DecimalType("decimal")
            values = (row[i] for row in results["rows"])
            types[i].scale = max(
                (-v.as_tuple().exponent for v in values if isinstance(v, decimal.Decimal)),
                default=0,
            )
    return results


athena._run_duckdb = run

plain_precision = athena._type_precision_scale


def precision_and_scale(kind):
    if isinstance(kind, DecimalType):
        return 38, kind.scale
    return plain_precision(kind)


athena._type_precision_scale = precision_and_scale


def text(v):
    """A value as Athena writes it. Without: as Python does, times with zone and µs."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, datetime.datetime):
        if v.tzinfo:
            v = v.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        v += datetime.timedelta(microseconds=500)
        return v.strftime("%Y-%m-%d %H:%M:%S.") + f"{v.microsecond // 1000:03d}"
    if isinstance(v, decimal.Decimal):
        return f"{v:f}"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join("null" if x is None else text(x) for x in v) + "]"
    if isinstance(v, dict):
        items = (f"{k}={'null' if x is None else text(x)}" for k, x in v.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(v, bytes):
        return v.hex(" ")
    return str(v)


athena._datum_text = text

# A statement with this in it has its result only in pages; every other one that
# has more than a page has it only in its file. So a test knows what was read.
IN_PAGES = "/* in pages */"

plain_save = athena._save_query_results


async def save(query_id):
    """Writes the result's file as Athena does: values in quotes, null without.

    Without: it is not where it is told to be (but at <place>/<id>.csv), and null is
    the empty text.
    """
    execution = athena._executions[query_id]
    if IN_PAGES in execution["Query"]:
        await plain_save(query_id)
        return
    results = execution["_results"]

    def field(v):
        return "" if v is None else '"' + text(v).replace('"', '""') + '"'

    lines = (",".join(map(field, row)) + "\n" for row in [results["columns"], *results["rows"]])
    data = "".join(lines).encode()
    place = urllib.parse.urlparse(execution["ResultConfiguration"]["OutputLocation"])
    headers = {"content-type": "text/csv", "content-length": str(len(data))}
    s3._put_object(place.netloc, place.path.lstrip("/"), data, headers)


athena._save_query_results = save

plain_results = athena._get_query_results


def results_page(data):
    execution = athena._executions.get(data.get("QueryExecutionId"), {})
    if data.get("NextToken") and IN_PAGES not in execution.get("Query", ""):
        return athena.error_response_json(
            "InvalidRequestException", "this result is to be read from its file", 400
        )
    return plain_results(data)


athena._get_query_results = results_page

if __name__ == "__main__":
    app.main()
