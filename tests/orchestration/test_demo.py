"""The demo, as a person runs it: what it prints is what the database says."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString

import dagster as dg
import pytest
from psycopg.rows import dict_row

from tests.integration.running import run, value
from tests.reporting.test_page import without_plotly
from tidemark_warehouse.cli import demo as command
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.demo import story
from tidemark_warehouse.reporting import data
from tidemark_warehouse.reporting.sections import PAGES, SECTIONS
from tidemark_warehouse.settings import Settings

MOST_KEYS = 1000  # most are status periods that run until now
NUMBER = r"([\d,]+)"
MART = re.compile(rf"^ +(marts(?:_people)?\.\w+) +{NUMBER} +([a-z].*\S) *$", re.MULTILINE)
TOUCHED = re.compile(
    rf"^ +((?:intermediate|marts|marts_people)\.\w+) +{NUMBER} +{NUMBER}$", re.MULTILINE
)
RECOMPUTED = re.compile(rf"{NUMBER} keys recomputed in ([\d.]+) s")
DAY = re.compile(r"marts\.time_aggregations_daily, (\S+), (\S+), (\S+):")
SIDE = r"^ +{} +" + " +".join([NUMBER] * 3) + r" +([\d.]+) *$"
RUN = re.compile(r"run ([0-9a-f-]{36})")


@dataclass(frozen=True)
class Shown:
    """A demo that has been run.

    Attributes:
        settings: which name its database.
        out: what it printed.
        report: the page that it wrote.
    """

    settings: Settings
    out: str
    report: Path


def show(server: Settings, report: Path, *options: str) -> Shown:
    """Run the demo. The database that the environment names is not its."""
    code, out, err = run(server, "demo", "--size", "small", "--output", str(report), *options)
    assert (code, err) == (0, ""), out
    return Shown(replace(server, database="demo"), out, report)


@pytest.fixture(scope="module")
def shown(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Run the demo for the first time."""
    return show(server, tmp_path_factory.mktemp("demo") / "page.html")


def number(text: str) -> int:
    return int(text.replace(",", ""))


def day(out: str, side: str) -> tuple[int, int, int, float]:
    found = re.search(SIDE.format(side), out, re.MULTILINE)
    assert found, out
    return number(found[1]), number(found[2]), number(found[3]), float(found[4])


def rows(settings: Settings, query: LiteralString, *values: Any) -> list[dict[str, Any]]:
    with connect(settings) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def test_each_stage_has_its_expected_and_its_measured_seconds(shown: Shown) -> None:
    stages = re.findall(r"^(\d)/(\d)  .* \((?:about \d+ s|less than a second)\)$", shown.out, re.M)
    assert stages == [(str(i + 1), str(command.STAGES)) for i in range(command.STAGES)]
    assert len(re.findall(r"^ +took \d+\.\d s$", shown.out, re.M)) == command.STAGES


def test_the_marts_have_the_printed_rows_and_grain(shown: Shown) -> None:
    printed = {name: (number(count), grain) for name, count, grain in MART.findall(shown.out)}
    listed = rows(
        shown.settings,
        "select schemaname, tablename from pg_tables "
        "where schemaname in ('marts', 'marts_people') order by schemaname, tablename",
    )
    assert list(printed) == [f"{row['schemaname']}.{row['tablename']}" for row in listed]
    for name, (count, _) in printed.items():
        assert value(shown.settings, f"select count(*) from {name}".encode()) == count
    assert printed["marts.workflow_completions"][1] == "completed workflow instance"


def test_the_late_row_corrects_the_printed_day(shown: Shown) -> None:
    where = DAY.search(shown.out)
    assert where
    before, after = day(shown.out, "before"), day(shown.out, "after")
    assert after[1] - before[1] == story.LATE_SECONDS
    assert (after[0], after[2]) == (before[0], before[2])
    (row,) = rows(
        shown.settings,
        "select workflows_completed::int, total_active_seconds::int, total_estimated_seconds::int, "
        "round(avg_efficiency_ratio, 3)::float8 from marts.time_aggregations_daily "
        "where user_id = %s and date = %s and ticket_type = %s",
        *where.groups(),
    )
    assert tuple(row.values()) == after


def test_the_printed_keys_are_those_that_the_engine_recomputed(shown: Shown) -> None:
    total = RECOMPUTED.search(shown.out)
    assert total
    touched = {name: (number(keys), number(new)) for name, keys, new in TOUCHED.findall(shown.out)}
    recorded = rows(
        shown.settings,
        "select relation, rows_scoped, rows_written from ops.watermarks where rows_scoped > 0",
    )
    assert touched == {
        row["relation"]: (row["rows_scoped"], row["rows_written"]) for row in recorded
    }
    assert number(total[1]) == sum(keys for keys, _ in touched.values())
    assert 0 < number(total[1]) < MOST_KEYS
    assert float(total[2]) > 0
    assert touched["marts.time_aggregations_daily"] == (1, 1)


def test_the_reading_is_what_its_sql_gives(shown: Shown) -> None:
    query = re.search(r"select\n +user_id,.*?limit 5", shown.out, re.DOTALL)
    assert query
    late = DAY.search(shown.out)
    assert late
    with connect(shown.settings) as connection:
        # It was asked before the late session came, which may belong to the week it is about.
        connection.execute(
            "update marts.time_aggregations_daily set total_active_seconds = %s "
            "where user_id = %s and date = %s and ticket_type = %s",
            [day(shown.out, "before")[1], *late.groups()],
        )
        found = connection.execute(query[0].encode()).fetchall()
        connection.rollback()
    assert len(found) == 5
    for row in found:
        line = r" +".join(re.escape(str(item)) for item in row)
        assert re.search(rf"^ +{line} *$", shown.out, re.MULTILINE), row


def test_the_report_holds_every_chart_and_needs_nobody(shown: Shown) -> None:
    assert shown.report.as_uri() in shown.out
    own = without_plotly(shown.report.read_text(encoding="utf-8"))
    for section in SECTIONS:
        if section.name == "rejected-rows":  # the company has none
            continue
        assert re.search(rf'<article id="{section.name}"[^>]*>(?s:.)*?class="(figure|table)"', own)
        assert section.question in own
    assert "Nothing to show yet" not in own
    assert "Simulated data" in own
    assert not re.search(r"https?://", own)
    assert not re.search(r"<(script|img|iframe|link)[^>]*\s(src|href)", own)


def test_the_charts_say_what_the_completions_say(shown: Shown) -> None:
    (page,) = (page for page in PAGES if page.name == "time_tracking")
    with data.reader(shown.settings) as connection:
        choice = data.usual(connection, page)
        found = {section.name: data.rows(connection, section, choice) for section in page.sections}
    steps = rows(
        shown.settings,
        """
        select template_id, step_index, count(*)::int as n, avg(active_seconds)::float8 as mean,
            stddev_samp(active_seconds)::float8 as deviation
        from intermediate.int_steps__sampled
        where date_trunc('month', completed_date::timestamp) = (
            select max(date_trunc('month', completed_date::timestamp))
            from intermediate.int_steps__sampled
        )
        group by template_id, step_index order by mean desc limit 12
        """,
    )
    assert steps
    for row, step in zip(found["slowest-steps"], steps, strict=True):
        assert (row["template_id"], row["step_index"]) == (step["template_id"], step["step_index"])
        assert row["sample_count"] == step["n"]
        assert row["avg_seconds"] == pytest.approx(step["mean"])
        assert row["std_dev_seconds"] == pytest.approx(step["deviation"], abs=1e-6)
    weeks = rows(
        shown.settings,
        """
        select date_trunc('week', completed_date::timestamp)::date as week_start,
            sum(active_seconds)::float8 as active_seconds,
            sum(estimated_seconds)::float8 as estimated_seconds,
            count(*)::int as workflows
        from marts.workflow_completions group by week_start order by week_start
        """,
    )
    shown_of = ("week_start", "active_seconds", "estimated_seconds")
    assert [{name: row[name] for name in shown_of} for row in found["efficiency"]] == [
        {name: row[name] for name in shown_of} for row in weeks
    ]
    for row in weeks:
        inside = [r for r in found["hours-per-week"] if r["week_start"] == row["week_start"]]
        assert sum(r["hours"] for r in inside) == pytest.approx(row["active_seconds"] / 3600)
        assert sum(r["workflows"] for r in inside) == row["workflows"]
    everything = sum(row["workflows"] for row in weeks)
    assert sum(row["workflows"] for row in found["estimate-and-actual"]) == everything
    # A small company has fewer people than the chart shows.
    assert sum(row["workflows"] for row in found["people-by-week"]) == everything


def test_dagster_keeps_the_run(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = RUN.search(shown.out)
    assert run_id
    monkeypatch.setenv("DAGSTER_HOME", str(shown.settings.home / "dagster"))
    with dg.DagsterInstance.get() as instance:
        kept = instance.get_run_by_id(run_id[1])
    assert kept
    assert (kept.job_name, kept.status) == ("build_everything", dg.DagsterRunStatus.SUCCESS)


def test_another_run_ends_as_the_first(server: Settings, shown: Shown, tmp_path: Path) -> None:
    sessions: LiteralString = "select * from raw.time_sessions order by session_id"
    before = rows(shown.settings, sessions)
    again = show(server, tmp_path / "page.html")
    after = rows(shown.settings, sessions)
    for row in (*before, *after):
        del row["_xid"]
    assert before == after
    assert "they were there already" in again.out
    assert MART.findall(again.out) == MART.findall(shown.out)
    for side in ("before", "after"):
        assert day(again.out, side) == day(shown.out, side)
    assert (tmp_path / "page.html").exists()


def test_a_company_of_another_size_is_left_alone(server: Settings, shown: Shown) -> None:
    count = value(shown.settings, b"select count(*) from raw.time_sessions")
    code, _, err = run(server, "demo", "--size", "medium")
    assert code == 1
    assert err.splitlines() == [
        "tidemark: the database demo already holds a simulated company of the size small",
        "  -> leave out --size, or name another database with --database",
    ]
    assert value(shown.settings, b"select count(*) from raw.time_sessions") == count
