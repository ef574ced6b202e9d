"""Which SQL statements only read: every kind of them, and those that only look like it."""

from __future__ import annotations

import sqlite3

import pytest

from adaptive_jit.effects.sql import LONGEST, objection
from adaptive_jit.effects.sql_functions import FUNCTIONS
from adaptive_jit.effects.sql_tokens import TEXT, WORD, tokens_of

BOTH = ("sqlite", "postgresql")

READING = [
    "SELECT 1",
    "select name from users where id = 3",
    "  SELECT *\n\tFROM a JOIN b USING (id) ;  ",
    "SELECT 1;",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "VALUES (1, 'a'), (2, 'b')",
    "WITH t AS (SELECT 1 AS n) SELECT n FROM t",
    "WITH t(n) AS (SELECT 1), u (a, b) AS (VALUES (1, 2)) SELECT * FROM t, u",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t",
    "WITH a AS MATERIALIZED (SELECT 1), b AS NOT MATERIALIZED (SELECT 2) SELECT * FROM a, b",
    "SELECT count(*), sum(price), max(id) FROM orders GROUP BY (kind) HAVING count(*) > 1",
    "SELECT * FROM t WHERE id IN (1, 2) AND NOT (a = 1 OR (b = 2)) AND x NOT IN (SELECT 1)",
    "SELECT CASE WHEN (a) THEN (b) ELSE (c) END FROM t",
    "SELECT rank() OVER (PARTITION BY a ORDER BY (b)) FROM t",
    "SELECT count(*) FILTER (WHERE a > 1) FROM t",
    "SELECT replace(a, 'x', 'y'), COALESCE(a, lower(b)) FROM t",
    "SELECT CAST(a AS numeric(10, 2)) FROM t",
    "SELECT a FROM t WHERE EXISTS (SELECT 1) LIMIT (3) OFFSET (2)",
    "SELECT * FROM (VALUES (1)) AS v(a)",
    'SELECT a AS "select", "drop table" FROM t -- DELETE FROM t',
    "SELECT /* DELETE; */ 1",
    "SELECT 'it''s; DELETE FROM t'",
    'SELECT t.update, t."delete" FROM t',
    "SELECT 1.5, .5, 2e3, 1e-4, -1",
    "EXPLAIN SELECT 1",
    "SELECT \"lower\"('A')",
    "SELECT trim(a) || '%' FROM t WHERE b LIKE ('x%') AND c IS (NULL) AND d BETWEEN (1) AND (2)",
    "SELECT größe FROM straßen",
    'SELECT "now" FROM t',
    "SELECT a key FROM t",
]  # fmt: skip

WRITING = [
    "",
    ";",
    "-- nothing",
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "REPLACE INTO t VALUES (1)",
    "DROP TABLE t",
    "CREATE TABLE t AS SELECT 1",
    "BEGIN",
    "COMMIT",
    "VACUUM",
    "CALL f()",
    "SET a = 1",
    "SELECT 1; DELETE FROM t",
    "SELECT 1;; SELECT 2",
    "SELECT 1 /* a */; /* b */ DROP TABLE t",
    "SELECT * INTO copy FROM t",
    "SELECT a FROM t INTO OUTFILE 'x'",
    "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
    "WITH new AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM new",
    "WITH t AS (SELECT 1) DELETE FROM u",
    "WITH t AS (SELECT 1) INSERT INTO u SELECT * FROM t",
    "WITH t (SELECT 1) SELECT 1",
    "WITH t AS SELECT 1",
    "SELECT * FROM (WITH d AS (DELETE FROM t RETURNING 1) SELECT 1 FROM d) x",
    "SELECT * FROM t FOR UPDATE",
    "SELECT * FROM t FOR NO KEY UPDATE",
    "SELECT * FROM t FOR/**/SHARE",
    "SELECT * FROM t for\nkey share",
    "SELECT * FROM t LOCK IN SHARE MODE",
    "SELECT nextval('ids')",
    "SELECT NextVal ('ids')",
    "SELECT nextval /* */ -- x\n ('ids')",
    "SELECT \"nextval\"('ids')",
    "SELECT load_extension('x')",
    "SELECT pg_advisory_lock(1)",
    "SELECT set_config('a', 'b', false)",
    "SELECT lo_unlink(1)",
    "SELECT * FROM dblink('x', 'DELETE FROM t') AS t(a int)",
    "SELECT random()",
    "SELECT my_function(1)",
    "SELECT public.lower('A')",
    "SELECT a.pg_catalog.lower('A')",
    "SELECT * FROM my_function(1)",
    "SELECT (t).my_function(1) FROM t",
    "SELECT filter(1)",
    "SELECT a, over(1) FROM t",
    "SELECT WHERE is(1)",
    "SELECT by(1)",
    "SELECT lower\u212a('A')",
    "SELECT \u017fum(1)",
    "SELECT 'a'('b')",
    "SELECT 1(2)",
    "SELECT f(1)(2)",
    "SELECT current_timestamp",
    "SELECT CURRENT_DATE - day FROM t",
    "SELECT a FROM t WHERE day > date('now')",
    "SELECT ' Today '",
    "SELECT (1",
    "SELECT 1)",
    "SELECT )1(",
    "SELECT 'open",
    'SELECT "open',
    "SELECT /* open",
    "SELECT /*/ 1",
    "SELECT 1 /* /* */ DELETE FROM t */",
    "SELECT 1 /* /* */ */",
    "SELECT 1 /*! DELETE */",
    "SELECT 1 /*/",
    "SELECT 'a\\' || 'b'",
    "SELECT 'a\0'",
    "\u017felect 1",
    "SELECT ran\u212a(1)",
    "SELECT lower('a')(2)",
    "SELECT a.(b) FROM t",
    "SELECT replace FROM t",
    "WITH 'x' AS (SELECT 1) SELECT 1",
    "WITH t AN (SELECT 1) SELECT 1",
    "WITH t (a) (SELECT 1) SELECT 1",
    "WITH t AS SELECT SELECT 1",
    "WITH t MATERIALIZED (SELECT 1) SELECT 1",
    "SELECT 1 -- \r; DELETE FROM t",
    "SELECT 1 -- \r, nextval('x')",
    "SELECT 'a\\' OR f(''b')",
    "SELECT 1\0",
    "SELECT { fn f() }",
    "SELECT \\x",
    "SELECT 12abc",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM t",
    "EXPLAIN DELETE FROM t",
    "PRAGMA journal_mode = wal",
    "TABLE t",
    "SHOW all",
    "SELECT '" + "a" * LONGEST + "'",
]

SQLITE_READING = [
    "SELECT * FROM pragma_user_version",
    "SELECT name FROM pragma_table_list",
    "SELECT * FROM t WHERE a = ? AND b = ?2 AND c = :c AND d = @d AND e = $e",
    "SELECT [a'b], `c'd`, \"e'f\" FROM t",
    "SELECT date(day), strftime('%Y-%m', day), group_concat(a), julian FROM t",
    "SELECT json_extract(a, '$.b'), a ->> 'c' FROM t, json_each(t.a)",
    "SELECT last_insert_rowid(), changes(), x'00ff'",
    "SELECT * FROM pragma_table_info('t')",
    "PRAGMA table_info(t)",
    "PRAGMA main.index_list('t')",
    "PRAGMA user_version",
    "PRAGMA database_list",
    "EXPLAIN QUERY PLAN SELECT 1",
    "SELECT a -- b\r\nFROM t",
]

SQLITE_WRITING = [
    "SELECT * FROM pragma_optimize",
    "SELECT * FROM main.PRAGMA_OPTIMIZE WHERE arg = 2",
    'SELECT * FROM "pragma_optimize"',
    "SELECT * FROM [pragma_optimize]",
    "SELECT * FROM 'pragma_optimize'",
    "SELECT unixepoch('subsec')",
    "SELECT strftime('%s', 'subsecond')",
    "PRAGMA user_version = 3",
    "PRAGMA user_version(3)",
    "PRAGMA journal_mode",
    "PRAGMA wal_checkpoint",
    "PRAGMA table_info(t); DELETE FROM t",
    'PRAGMA "table_info"(t)',
    "PRAGMA",
    "SELECT date()",
    "SELECT datetime( /* */ )",
    "SELECT strftime('%s')",
    "SELECT $a(' ), f(') FROM t",
    "SELECT strftime(max('%s', '%d'))",
    "SELECT pg_catalog.lower('A')",
    "PRAGMA table_info = t",
    "PRAGMA table_info[t]",
    "PRAGMA table_info(t) + 1",
    "PRAGMA table_info(t, u)",
    "PRAGMA table_info 'a' 'b' 'c'",
    "PRAGMA table_info ( a b",
    "PRAGMA table_info a b )",
    "SELECT :a::b(x)",
    "SELECT E'a' , nextval('b')",
    "SELECT any(1)",
    "SELECT row(1)",
    "SELECT randomblob(4)",
    "SELECT a[1, f(2)] FROM t WHERE f(3)",
    "ATTACH 'x' AS y",
    "EXPLAIN QUERY PLAN DELETE FROM t",
]

POSTGRESQL_READING = [
    "SELECT * FROM t WHERE a = %s AND b = %(b)s AND c LIKE 'x%%' AND d = $1 AND e = :e",
    "SELECT $$it's; nextval('x')$$, $tag$ $$ $tag$",
    "SELECT E'it\\'s; DELETE', e'\\\\'",
    "SELECT a::numeric(10, 2), b::text, c[1], d[1:2] FROM t",
    "SELECT ARRAY[1, 2], ARRAY(SELECT 1), ROW(1, 2), a = ANY (%s) FROM t",
    "SELECT pg_catalog.lower(a) FROM t",
    "SELECT substring(a FROM 1 FOR 3), extract(year FROM b), position('a' IN c) FROM t",
    "SELECT a -> 'b' ->> 'c', a #>> '{d}', a ? 'e', a @> '{}' FROM t",
    "SELECT a FROM t, LATERAL (SELECT 1) x, generate_series(1, 3) AS g(n)",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
    "SELECT a FROM t WHERE b ~* 'x' AND c ILIKE ('y') AND d IS DISTINCT FROM (e)",
    "SELECT DISTINCT ON (a) a, b % 2 FROM t GROUP BY ROLLUP (a)",
    "EXPLAIN (FORMAT JSON) SELECT 1",
    "EXPLAIN VERBOSE (SELECT 1)",
    "EXPLAIN (SELECT 1) UNION (SELECT 2)",
    "EXPLAIN (SELECT 1)",
    "SELECT to_char(day, 'YYYY'), date_trunc('month', day), date(day) FROM t",
]

POSTGRESQL_WRITING = [
    "SELECT now()",
    "PRAGMA table_info(t)",
    "SELECT c[1](2)",
    "SELECT 'now'::timestamp",
    "SELECT timestamp 'tomorrow'",
    "SELECT $$now$$::timestamp",
    "SELECT E'now'::timestamp",
    "SELECT age(a) FROM t",
    "SELECT clock_timestamp(), gen_random_uuid()",
    "SELECT localtime(0)",
    "SELECT $$a$$, nextval('b')",
    "SELECT $a$ $b$ $a$, nextval('b')",
    "SELECT E'a\\'', nextval('b') --'",
    "SELECT 5 %(nextval('x'))",
    "SELECT 5 %(SELECT f()s)",
    "SELECT 5 %s('x')",
    "SELECT a[1:nextval('x')] FROM t",
    "SELECT :name('x')",
    "SELECT 1 OPERATOR(public.+) 2",
    "SELECT * FROM t TABLESAMPLE system(10)",
    "SELECT * FROM ROWS FROM (f())",
    "SELECT query_to_xml('DELETE FROM t', true, true, '')",
    "SELECT U&\"\\006Eextval\"('x')",
    "SELECT \"LOWER\"('x')",
    "SELECT \"pg_catalog\".lower('x'), x.pg_catalog.lower('y')",
    "SELECT pg_sleep(1), txid_current()",
    "SELECT pg_read_file('x'), pg_notify('a', 'b')",
    "EXPLAIN (ANALYZE) SELECT 1",
    "EXPLAIN (FORMAT JSON, analyse true) SELECT 1",
    "EXPLAIN (SELECT 1) UNION (SELECT nextval('x'))",
    "COPY t TO '/x'",
    "DECLARE c CURSOR FOR SELECT 1",
    "LISTEN a",
    "DO $$ BEGIN END $$",
    "SELECT `a`",
    "SELECT ifnull(a, 1) FROM t",
]


KNOWN_TO_VARY = {
    "sqlite_version",  # of the library itself
    "changes", "last_insert_rowid", "total_changes",  # what this connection has done
    "bm25", "highlight", "snippet",  # of full-text search: the row that they stand in
    "date", "time", "datetime", "strftime", "unixepoch", "timediff",  # unless given a day
}  # fmt: skip


def _cases(statements: list[str], *dialects: str) -> list[tuple[str, str]]:
    return [(dialect, statement) for statement in statements for dialect in dialects]


@pytest.mark.parametrize(
    ("dialect", "statement"),
    _cases(READING, *BOTH)
    + _cases(SQLITE_READING, "sqlite")
    + _cases(POSTGRESQL_READING, "postgresql"),
    ids=lambda part: part[:60],
)
def test_a_query_reads(dialect: str, statement: str) -> None:
    """One query, with functions that compute, whatever stands in strings and comments."""
    assert objection(statement, dialect) is None


@pytest.mark.parametrize(
    ("dialect", "statement"),
    _cases(WRITING, *BOTH)
    + _cases(SQLITE_WRITING, "sqlite")
    + _cases(POSTGRESQL_WRITING, "postgresql"),
    ids=lambda part: part[:60],
)
def test_everything_else_writes_and_the_reason_holds_none_of_it(
    dialect: str, statement: str
) -> None:
    """Changes, locks, clocks, unknown functions, several statements, doubtful quoting."""
    reason = objection(statement, dialect)
    assert reason
    for token in statement.replace("(", " ").replace("'", " ").split():
        assert len(token) < 9 or token.lower() not in reason


@pytest.mark.parametrize("dialect", BOTH)
def test_no_beginning_and_no_end_of_a_statement_is_too_odd_to_be_judged(dialect: str) -> None:
    """Whatever is asked about, the answer is a reason or none, never an error."""
    for statement in (*READING, *WRITING[:-1], *SQLITE_READING, *POSTGRESQL_READING):
        for place in range(len(statement)):
            for part in (statement[:place], statement[place:]):
                assert objection(part, dialect) != ""


def test_a_dialect_that_is_not_known_says_nothing() -> None:
    """Its quoting is not known, so nothing of its statements is."""
    assert objection("SELECT 1", "mysql") is not None


def test_a_bracket_is_a_name_in_one_dialect_and_an_index_in_the_other() -> None:
    """``[a']``: what is a name here opens a string there."""
    statement = "SELECT c [a'], nextval('b'), d [e'] FROM t"
    assert objection(statement, "sqlite") is not None
    assert objection(statement, "postgresql") is None
    twin = "SELECT c[a'], nextval('b') FROM t"
    assert objection(twin, "postgresql") is not None


def test_a_backslash_escapes_only_in_strings_that_say_so() -> None:
    """``E'…'`` of PostgreSQL; a plain string in front of a doubtful quote is refused."""
    assert [token.kind for token in tokens_of("E'\\''", "postgresql")] == [TEXT]
    assert [token.kind for token in tokens_of("E'a'", "sqlite")] == [WORD, TEXT]


@pytest.mark.parametrize("name", sorted(FUNCTIONS["sqlite"]))
def test_no_allowed_function_of_sqlite_draws_or_changes(name: str) -> None:
    """The installed SQLite has it as a function that gives the same for the same, or not at all."""
    connection = sqlite3.connect(":memory:")
    rows = connection.execute(
        "SELECT flags FROM pragma_function_list WHERE name = ? AND type = 's'", (name,)
    ).fetchall()
    connection.close()
    deterministic = 0x800
    assert name in KNOWN_TO_VARY or all(flags & deterministic for (flags,) in rows)
