"""Reads SQL as a dialect, and says what of it other engines than DuckDB lack.

Standard input is a JSON list of {"name", "dialect", "sql"}; standard output is
an object with the complaints about each name that has some.
"""

import json
import sys

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokens import TokenType

# The functions that queries may call. Those of Trino stand in its documentation.
BOTH = """avg cast ceil coalesce concat count date_trunc first_value floor greatest lag last_value lead least
length lower max min month nullif ntile rank replace round row_number sum trim upper year""".split()
FUNCTIONS = {
    "athena": set(BOTH) | set("approx_distinct approx_percentile arbitrary count_if date_add date_diff day_of_week "
                              "format_datetime max_by min_by regexp_like".split()),
    "snowflake": set(BOTH) | set("count_if current_date dateadd datediff dayofweekiso".split()),
}

# Words that a parenthesis may follow.
WORDS = {"all", "and", "as", "by", "case", "distinct", "else", "except", "exists", "from", "in", "intersect", "join", "not",
         "on", "or", "over", "partition", "select", "then", "union", "using", "values", "when", "where", "with"}

# Tokens of DuckDB that the others read otherwise, or not at all.
TOKENS = {
    "athena": {TokenType.DCOLON: "::", TokenType.QUALIFY: "qualify", TokenType.ILIKE: "ilike", TokenType.L_BRACE: "{",
               TokenType.DIV: "//", TokenType.ARROW: "->", TokenType.PIVOT: "pivot", TokenType.ANTI: "anti join",
               TokenType.SEMI: "semi join", TokenType.ASOF: "asof join", TokenType.SUMMARIZE: "summarize"},
    "snowflake": {TokenType.L_BRACE: "{", TokenType.DIV: "//", TokenType.ANTI: "anti join", TokenType.SEMI: "semi join",
                  TokenType.SUMMARIZE: "summarize"},
}


def complaints(sql, dialect):
    """Yields what is wrong with a statement."""
    try:
        tokens = sqlglot.tokenize(sql, read=dialect)
        trees = sqlglot.parse(sql, read=dialect, error_level=ErrorLevel.RAISE)
    except SqlglotError as err:
        yield "cannot be read: " + str(err).splitlines()[0]
        return
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        yield "is not one query, but " + ", ".join(type(t).__name__ for t in trees)
        return
    yield from of_tokens(tokens, dialect)
    yield from of_tree(trees[0], dialect)


def of_tokens(tokens, dialect):
    names = {t.text.lower() for t, after in zip(tokens, tokens[1:]) if after.token_type == TokenType.ALIAS}  # of CTEs
    for token, after in zip(tokens, tokens[1:]):
        word = token.text.lower()
        if token.token_type in TOKENS[dialect]:
            yield "has " + TOKENS[dialect][token.token_type]
        elif after.token_type == TokenType.L_PAREN and word.isidentifier() and word not in FUNCTIONS[dialect] | WORDS | names:
            yield "calls " + word
        elif token.token_type == TokenType.FROM and token is tokens[0]:
            yield "begins with from"
        elif (token.token_type, after.token_type) == (TokenType.COMMA, TokenType.FROM):
            yield "has a comma before from"


def of_tree(tree, dialect):
    if any(s.args.get("except_") or s.args.get("replace") or s.args.get("except") for s in tree.find_all(exp.Star)):
        yield "has a star with exceptions"
    if any(d.args.get("on") for d in tree.find_all(exp.Distinct)):
        yield "has distinct on"
    if dialect == "athena" and any(g.args.get("all") for g in tree.find_all(exp.Group)):
        yield "has group by all"
    if any(isinstance(e, exp.Column) and e.name.lower() == "all" for o in tree.find_all(exp.Order) for e in (x.this for x in o.expressions)):
        yield "has order by all"
    if tree.find(exp.Command):
        yield "has something that is not understood"


def main():
    found = {}
    for q in json.load(sys.stdin):
        wrong = sorted(set(complaints(q["sql"], q["dialect"])))
        if wrong:
            found[q["name"]] = wrong
    json.dump(found, sys.stdout)


main()
