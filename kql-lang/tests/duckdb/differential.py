"""Runs generated queries on generated tables in amp-rules and in duckdb-kql, and reports differences.

    differential.py PATH-OF-AMP-RULES [--cases N] [--seed S]

Queries that duckdb-kql rejects are counted and not compared. Known differences, each explained in docs/kql.md, are listed in
KNOWN and counted. Any other difference sets the exit code to 1.
"""

import argparse
import collections
import datetime
import json
import math
import random
import re
import subprocess
import sys

import duckdb
import duckdb_kql

WORDS = ["alpha", "Beta", "alpha beta", "beta-alpha", "", "error: refused", "ERROR", "10", "x_y", "naïve"]


class Dice(random.Random):
    def literal(self, kind):
        if self.random() < 0.12 and kind != "string":
            return f"{kind}(null)"
        if kind == "long":
            return f"long({self.randint(-5, 20)})"
        if kind == "real":
            return f"real({self.choice([-1.5, 0.0, 0.25, 2.0, 10.5, 100.125])})"
        if kind == "bool":
            return self.choice(["true", "false"])
        if kind == "datetime":
            minutes = self.randint(0, 24 * 60 * 3)
            at = datetime.datetime(2025, 8, 4) + datetime.timedelta(minutes=minutes, seconds=self.choice([0, 30]))
            return f"datetime({at.isoformat()}Z)"
        return '"%s"' % self.choice(WORDS)

    def table(self, columns):
        rows = [[self.literal(kind) for _, kind in columns] for _ in range(self.randint(0, 12))]
        names = ", ".join(f"{name}: {kind}" for name, kind in columns)
        return f"datatable({names}) [{', '.join(cell for row in rows for cell in row)}]"


COLUMNS = [("a", "long"), ("b", "long"), ("x", "real"), ("s", "string"), ("g", "string"), ("t", "datetime"), ("f", "bool")]


def predicate(dice, depth=0):
    if depth < 2 and dice.random() < 0.3:
        return f"({predicate(dice, depth + 1)}) {dice.choice(['and', 'or'])} ({predicate(dice, depth + 1)})"
    if dice.random() < 0.12:
        return f"not({predicate(dice, 2)})"
    word = dice.choice(WORDS)
    return dice.choice([
        f"a {dice.choice(['<', '<=', '>', '>=', '==', '!='])} {dice.choice(['b', str(dice.randint(-5, 20))])}",
        f"x {dice.choice(['<', '>', '=='])} {dice.choice(['2.0', '10.5', 'toreal(a)'])}",
        f's {dice.choice(["==", "!=", "=~", "!~", "contains", "!contains", "has", "!has", "startswith", "!startswith", "endswith", "contains_cs", "startswith_cs"])} "{word}"',
        f's {dice.choice(["in", "!in", "in~"])} ("{word}", "alpha")',
        f'isempty({dice.choice(["s", "g"])})',
        f'{dice.choice(["isnull", "isnotnull"])}({dice.choice(["a", "x", "t", "f"])})',
        f"a between ({dice.randint(-5, 5)} .. {dice.randint(0, 20)})",
        f't {dice.choice(["<", ">="])} datetime(2025-08-05T06:00:00Z)',
        'f',
        f's matches regex "{dice.choice(["^a", "[0-9]+", "a$", "(?i)error"])}"',
    ])


def scalar(dice):
    return dice.choice([
        "a + b", "a - b", "a * 3", "a / 4", "a % 3", "x * 2", "x / 4", "a + x", "-a", "abs(a)", "sign(x)",
        "strcat(s, '-', g)", "strlen(s)", "toupper(s)", "tolower(s)", "substring(s, 1, 3)", "indexof(s, 'a')",
        "replace_string(s, 'a', 'o')", "replace_regex(s, '[aeiou]', '_')", "split(s, ' ')[0]", "tostring(a)", "tostring(f)",
        "tolong(x)", "toint(a)", "toreal(a)", "iff(a > 3, 'big', 'small')", "case(a > 10, 1, a > 3, 2, 3)",
        "coalesce(a, b, 0)", "max_of(a, b)", "min_of(a, b)", "round(x, 1)", "floor(x, 1)", "ceiling(x)", "bin(a, 5)",
        "bin(t, 1h)", "startofday(t)", "t - datetime(2025-08-04)", "t + 90m", "hourofday(t)", "dayofmonth(t)", "getyear(t)",
        "extract('([a-z]+)', 1, s)", "trim('[ae]+', s)", "isnotempty(s)", "strcmp(s, g)", "countof(s, 'a')", "reverse(s)",
        "datetime_diff('minute', t, datetime(2025-08-04))", "array_length(split(s, 'a'))", "toint(s)", "sqrt(toreal(a))",
    ])


def aggregate(dice):
    return dice.choice([
        "count()", "sum(a)", "sum(x)", "avg(a)", "avg(x)", "min(a)", "max(x)", "max(t)", "min(s)", "dcount(s)", "countif(a > 3)",
        "sumif(a, f)", "percentile(a, 50)", "stdev(a)", "variance(x)", "count_distinct(g)", "avgif(x, a > 0)", "minif(a, f)",
    ])


def operator(dice):
    kind = dice.randint(0, 10)
    if kind <= 2:
        return f"where {predicate(dice)}"
    if kind <= 4:
        return f"extend e{dice.randint(0, 3)} = {scalar(dice)}"
    if kind == 5:
        by = dice.choice(["g", "s", "bin(t, 1d)", "f", "g, f", "a % 2"])
        return f"summarize v = {aggregate(dice)}, w = {aggregate(dice)} by {by}"
    if kind == 6:
        return f"summarize v = {aggregate(dice)}"
    if kind == 7:
        return f"distinct {dice.choice(['g', 's, f', 'a'])}"
    if kind == 8:
        # A sort with ties would make the choice of rows arbitrary.
        order = ", ".join(f"{name} {dice.choice(['asc', 'desc'])}" for name in ["a", "b", "x", "s", "g", "t", "f"])
        return f"sort by {order} | take {dice.randint(0, 5)}"
    if kind == 9:
        how = dice.choice(["inner", "leftouter", "rightouter", "fullouter", "leftanti", "leftsemi", "rightanti", "rightsemi"])
        return f"join kind={how} (U) on {dice.choice(['g', 'a', '$left.a == $right.b'])}"
    return "count"


TERMINAL = ("summarize", "distinct", "join", "count")


def query(dice):
    text = f"let T = {dice.table(COLUMNS)};\nlet U = {dice.table([('a', 'long'), ('b', 'long'), ('g', 'string')])};\nT"
    for _ in range(dice.randint(1, 4)):
        step = operator(dice)
        text += f"\n| {step}"
        if step.startswith(TERMINAL):
            break
    return text


def plain(value):
    """Returns a value in a form that is comparable between both engines."""
    if value is None:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        number = float(value)
        return None if math.isnan(number) else number if math.isinf(number) else float(f"{number:.9g}")
    if isinstance(value, datetime.datetime):
        at = value.astimezone(datetime.timezone.utc) if value.tzinfo else value
        return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond:06d}".rstrip("0") if at.microsecond else "") + "Z"
    if isinstance(value, datetime.timedelta):
        return ("span", round(value.total_seconds(), 6))
    if value in ("NaN", "Infinity", "-Infinity"):
        # JSON represents these as strings.
        return plain(float(value))
    if isinstance(value, str):
        span = re.fullmatch(r"(-)?(?:(\d+)\.)?(\d\d):(\d\d):(\d\d(?:\.\d+)?)", value)
        if span:
            sign, days, hours, minutes, seconds = span.groups()
            total = int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            return ("span", round(-total if sign else total, 6))
        instant = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", value)
        if instant:
            fraction = (instant.group(2) or "").rstrip("0").rstrip(".")
            return instant.group(1) + fraction + "Z"
        return value
    return json.dumps(value, sort_keys=True, default=str)


def ours(program, text):
    done = subprocess.run([program, "kql", "run", "-", "--format", "json"], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip()
    table = json.loads(done.stdout)["tables"][0]
    return [tuple(plain(cell) for cell in row) for row in table["rows"]], [column["name"] for column in table["columns"]]


def theirs(connection, text):
    try:
        relation = duckdb_kql.kql(connection, text)
        return [tuple(plain(cell) for cell in row) for row in relation.fetchall()], list(relation.columns)
    except duckdb_kql.KqlError as error:
        return None, str(error).splitlines()[0]
    except duckdb.Error as error:
        return None, f"duckdb: {str(error).splitlines()[0]}"


def blank(cell):
    return "" if cell is None else cell


def unquoted(cell):
    return json.loads(cell) if isinstance(cell, str) and len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


# Known differences: the section of docs/kql.md that explains each, and a conversion that removes it.
KNOWN = [
    ("strings are never null", lambda cell: blank(cell)),
    ("strings in dynamic values", lambda cell: unquoted(cell)),
]


def same(found, expected, convert=lambda cell: cell):
    key = lambda row: json.dumps(row, default=str)
    converted = lambda rows: sorted((tuple(convert(cell) for cell in row) for row in rows), key=key)
    return converted(found) == converted(expected)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    connection = duckdb_kql.connect()
    counts = collections.Counter()
    shown = 0
    for case in range(arguments.cases):
        text = query(Dice(arguments.seed * 1_000_003 + case))
        expected, names = theirs(connection, text)
        if expected is None:
            counts["rejected by duckdb-kql"] += 1
            continue
        found, columns = ours(arguments.program, text)
        comparable = found is not None and columns == names
        if comparable and same(found, expected):
            counts["equal"] += 1
            continue
        known = next((section for section, convert in KNOWN if comparable and same(found, expected, convert)), None)
        if known:
            counts[f"known: {known}"] += 1
            continue
        counts["different"] += 1
        if shown < 20:
            shown += 1
            print(f"--- case {case}\n{text}\nours:   {columns} {found}\ntheirs: {names} {expected}\n")
    for name, count in sorted(counts.items()):
        print(f"{count:6} {name}")
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
