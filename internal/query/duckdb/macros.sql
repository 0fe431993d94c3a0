-- The functions of Trino that DuckDB has by another name, or answers otherwise.
-- Inside of a macro, system.main.NAME is DuckDB's own function of that name.

-- dates
create macro date_add(unit, n, x) as cast_to_type(x + cast(n || ' ' || unit as interval), x);
create macro date_diff(unit, a, b) as system.main.date_sub(unit, a, b);
create macro date_trunc(unit, x) as cast_to_type(system.main.date_trunc(unit, x), x);
create macro day_of_week(x) as isodow(x);
create macro dow(x) as isodow(x);
create macro day_of_month(x) as day(x);
create macro day_of_year(x) as dayofyear(x);
create macro doy(x) as dayofyear(x);
create macro week_of_year(x) as weekofyear(x);
create macro year_of_week(x) as isoyear(x);
create macro yow(x) as isoyear(x);
create macro from_unixtime(seconds) as to_timestamp(seconds);
create macro to_unixtime(x) as epoch(x);
create macro from_iso8601_date(x) as cast(x as date);
create macro from_iso8601_timestamp(x) as cast(x as timestamptz);
create macro to_iso8601(x date) as cast(x as varchar),
  (x timestamp) as strftime(x, '%Y-%m-%dT%H:%M:%S.%g');
create macro date_format(x, layout) as strftime(x, replace(replace(replace(replace(replace(replace(layout,
  '%M', '%B'), '%W', '%A'), '%i', '%M'), '%s', '%S'), '%h', '%I'), '%T', '%H:%M:%S'));

-- texts
create macro concat(a, b) as a || b, (a, b, c) as a || b || c, (a, b, c, d) as a || b || c || d,
  (a, b, c, d, e) as a || b || c || d || e, (a, b, c, d, e, f) as a || b || c || d || e || f;
create macro regexp_like(x, pattern) as regexp_matches(x, pattern);
create macro regexp_extract(x, pattern) as case when regexp_matches(x, pattern) then system.main.regexp_extract(x, pattern) end,
  (x, pattern, part) as case when regexp_matches(x, pattern) then system.main.regexp_extract(x, pattern, part) end;
create macro regexp_replace(x, pattern) as system.main.regexp_replace(x, pattern, '', 'g'),
  (x, pattern, text) as system.main.regexp_replace(x, pattern, system.main.regexp_replace(text, '\$(\d)', '\\\1', 'g'), 'g');
create macro regexp_count(x, pattern) as len(regexp_extract_all(x, pattern));
create macro strpos(x, part) as instr(x, part);
create macro codepoint(x) as unicode(x);
create macro to_utf8(x) as encode(x);
create macro from_utf8(x) as decode(x);
create macro to_hex(x) as hex(x);
create macro from_hex(x) as unhex(x);
create macro sha256(x) as unhex(system.main.sha256(x));
create macro md5(x) as unhex(system.main.md5(x));
create macro split_part(x, delimiter, n) as case when n <= length(x) + 1 and n > len(string_split(x, delimiter)) then null
  else system.main.split_part(x, delimiter, n) end;

-- numbers
create macro truncate(x) as trunc(x);
create macro bitwise_and(a, b) as a & b;
create macro bitwise_or(a, b) as a | b;
create macro bitwise_xor(a, b) as xor(a, b);
create macro is_nan(x) as isnan(x);
create macro is_finite(x) as isfinite(x);
create macro is_infinite(x) as isinf(x);
create macro greatest(a, b) as case when a is not null and b is not null then system.main.greatest(a, b) end,
  (a, b, c) as case when a is not null and b is not null and c is not null then system.main.greatest(a, b, c) end,
  (a, b, c, d) as case when a is not null and b is not null and c is not null and d is not null then system.main.greatest(a, b, c, d) end;
create macro least(a, b) as case when a is not null and b is not null then system.main.least(a, b) end,
  (a, b, c) as case when a is not null and b is not null and c is not null then system.main.least(a, b, c) end,
  (a, b, c, d) as case when a is not null and b is not null and c is not null and d is not null then system.main.least(a, b, c, d) end;

-- arrays and JSON
create macro cardinality(x) as len(x);
create macro element_at(x, i) as x[i];
create macro array_join(x, delimiter) as array_to_string(x, delimiter);
create macro array_max(x) as list_max(x);
create macro array_min(x) as list_min(x);
create macro sequence(a, b) as generate_series(a, b), (a, b, step) as generate_series(a, b, step);
create macro json_extract_scalar(x, path) as json_extract_string(x, path);
create macro json_parse(x) as cast(x as json);
create macro json_format(x) as cast(x as varchar);
create macro json_size(x, path) as json_array_length(x, path);

-- aggregates
create macro approx_distinct(x) as approx_count_distinct(x);
create macro approx_percentile(x, share) as approx_quantile(x, share);
create macro every(x) as bool_and(x);
