"""What the pages ask of the database, and what they make of it; no browser is needed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import vizro.models as vm
from dash import html
from vizro.managers import model_manager

from tests.conftest import free_port
from tests.integration.exactness.warehouse import AS_OF, Warehouse
from tidemark_warehouse.dashboards import app, header
from tidemark_warehouse.dashboards.controls import Dates, Options
from tidemark_warehouse.dashboards.graphs import chart, table
from tidemark_warehouse.dashboards.warehouse import NOTHING_YET
from tidemark_warehouse.dashboards.warehouse import Warehouse as Asked
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER
from tidemark_warehouse.reporting import data
from tidemark_warehouse.reporting.section import EVERYTHING, Page, Section
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE, PEOPLE_PAGE
from tidemark_warehouse.settings import Settings

EVERY_PAGE = (*PAGES, PEOPLE_PAGE)
PLACES = [(page, section) for page in EVERY_PAGE for section in page.sections]
PRODUCT = next(page for page in PAGES if page.name == "product")
DATED = (
    *("date", "week_start", "period_start", "day_start", "starts_at"),
    *("cohort_start", "latest_date", "created_at"),
)
LAST = date.fromisoformat(AS_OF[:10])
# They count what lies in the dates, and show none.
UNDATED = {"estimate-and-actual", "funnel-steps", "funnel-breakdown", "retention-curve"}


def asked(settings: Settings, page: Page) -> Asked:
    """Return what asks as the role of a page."""
    return Asked(settings, PEOPLE_READER if page is PEOPLE_PAGE else READER)


def section(name: str) -> Section:
    """Return a section by its name."""
    return next(found for _, found in PLACES if found.name == name)


def drawn(frame: Any, shown: Section) -> Any:
    """Draw what Vizro would draw of a frame."""
    if shown.tabular:
        return table(data_frame=frame, section=shown.name)()
    return chart(data_frame=frame, section=shown.name)


def words(figure: Any) -> str:
    """Return what stands on a figure beside its data, in one line."""
    if isinstance(figure, html.Div):
        return str(figure.children.children)
    return " ".join(note.text.replace("<br>", " ") for note in figure.layout.annotations)


@pytest.mark.parametrize(("page", "shown"), PLACES, ids=lambda part: part.name)
def test_every_chart_shows_the_company(company: Warehouse, page: Page, shown: Section) -> None:
    frame = asked(company.settings, page).frame(page, shown, {})
    if shown.name == "rejected-rows":
        return  # the company has none
    assert len(frame) > 0
    figure = drawn(frame, shown)
    if shown.tabular:
        head, body = figure.children.children
        assert len(body.children) == len(frame)
        assert all(len(line.children) == len(head.children.children) for line in body.children)
        return
    assert figure.data
    assert figure.layout.height is None
    assert "Nothing to show" not in words(figure)


@pytest.mark.parametrize(("page", "shown"), PLACES, ids=lambda part: part.name)
def test_an_empty_warehouse_shows_empty_charts(
    without_rows: Settings, server: Settings, page: Page, shown: Section
) -> None:
    never_built = server
    for settings in (without_rows, never_built):
        frame = asked(settings, page).frame(page, shown, {"dates": ["2026-01-01", "2026-02-01"]})
        if shown.name == "freshness" and settings is without_rows:
            continue  # marts without rows are fresh all the same
        assert len(frame) == 0
        said = words(drawn(frame, shown))
        assert (shown.nothing or "Nothing to show") in said
        assert all(f"raw.{table}" in said for table in shown.raw_tables)


def test_a_query_can_be_pasted_as_the_report_shows_it(company: Warehouse) -> None:
    for page, shown in PLACES:
        role = PEOPLE_READER if page is PEOPLE_PAGE else READER
        with data.reader(company.settings, role) as connection:
            choice = data.usual(connection, page)
            pasted = connection.execute(data.shown(connection, shown, choice).encode()).fetchall()
            rows = data.rows(connection, shown, choice)
        assert pasted == [tuple(row.values()) for row in rows]


def test_a_page_begins_with_whole_weeks_up_to_the_last_date(company: Warehouse) -> None:
    known = asked(company.settings, PRODUCT).span(PRODUCT)
    assert known.last == LAST
    long = replace(known, first=known.last - timedelta(days=1000)).latest()
    assert long.first.weekday() == 0
    assert long.last - long.first < timedelta(weeks=26)
    assert known.latest(30) == data.Span(known.last - timedelta(days=29), known.last)
    assert known.latest() == known  # a company of 45 days is younger than that


def test_chosen_dates_bound_every_chart_that_has_dates(company: Warehouse) -> None:
    monday = LAST - timedelta(days=LAST.weekday())
    first, last = monday - timedelta(weeks=2), monday - timedelta(days=1)
    chosen = {"dates": [first.isoformat(), last.isoformat()]}
    for page, shown in PLACES:
        if not {"first", "last"} <= shown.takes or shown.name in UNDATED:
            continue
        rows = asked(company.settings, page).frame(page, shown, chosen).to_dict("records")
        column = next(name for name in DATED if name in rows[0])
        found = [str(row[column])[:10] for row in rows]
        assert first.isoformat() <= min(found), shown.name
        assert max(found) <= last.isoformat(), shown.name
        whole = asked(company.settings, page).frame(page, shown, {})
        assert len(whole) > len(rows) or shown.name in {"latest-alerts", "burnout-by-person"}


def test_half_of_the_dates_is_no_error(company: Warehouse) -> None:
    """While a person chooses, there is a first date and no last one."""
    shown = section("active-users")
    first = (LAST - timedelta(days=3)).isoformat()
    frame = asked(company.settings, PRODUCT).frame(PRODUCT, shown, {"dates": [first, None]})
    assert len(frame) == 3  # today is not over


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        *(("active-users", measure) for measure in ("user_count", "wau", "mau")),
        *(("new-users", "new_users"), ("events", "event_count")),
        *(("event-users", "unique_users"), ("sessions", "sessions")),
        ("session-length", "median_minutes"),
    ],
)
def test_an_environment_is_shown_alone(two_environments: Settings, name: str, measure: str) -> None:
    """Its users are not added to those of another one, nor are they averaged."""
    shown = section(name)
    frames = {
        environment: asked(two_environments, PRODUCT).frame(
            PRODUCT, shown, {"environment": environment}
        )
        for environment in ("production", "staging")
    }
    production = [value for value in frames["production"][measure] if value]
    staging = [value for value in frames["staging"][measure] if value]
    assert production
    assert staging == pytest.approx([value * 10 for value in production])
    usual = asked(two_environments, PRODUCT).frame(PRODUCT, shown, {})
    assert usual.equals(frames["production"])


@pytest.mark.parametrize(
    ("period", "mart"), [("day", "daily"), ("week", "weekly"), ("month", "monthly")]
)
def test_users_of_a_period_are_those_of_its_own_mart(
    company: Warehouse, period: str, mart: str
) -> None:
    shown = section("event-users")
    frame = asked(company.settings, PRODUCT).frame(PRODUCT, shown, {"period": period})
    with connect(company.settings) as owner:
        exact = {
            (str(start), name): users
            for start, name, users in owner.execute(
                f"select bucket_start::date, event_name, unique_users"
                f" from marts.event_counts_{mart} where environment = 'production'".encode()
            ).fetchall()
        }
    found = {
        (str(row["period_start"]), row["event_name"]): row["unique_users"]
        for row in frame.to_dict("records")
    }
    assert found
    assert found == {key: exact[key] for key in found}
    assert len({start for start, _ in found}) == len({start for start, _ in exact})


def test_percentiles_are_those_of_the_chosen_period_and_metric(company: Warehouse) -> None:
    page = next(page for page in PAGES if page.name == "app_metrics")
    shown = section("percentiles")
    (metrics, periods) = page.controls
    names = asked(company.settings, page).options(metrics)
    assert len(names) > 1
    for metric in names:
        for period in periods.options:
            chosen = {"metric": metric, "metric_period": period}
            frame = asked(company.settings, page).frame(page, shown, chosen)
            with connect(company.settings) as owner:
                exact = owner.execute(
                    "select array_agg(p99 order by tags, period_start) from (select *, "
                    " dense_rank() over (order by total desc, tags::text) as place from ("
                    " select *, sum(count) over (partition by tags) as total"
                    " from marts.metric_aggregates where name = %s and period_type = %s) as a"
                    ") as b where place <= 4",
                    [metric, period],
                ).fetchone()
            assert exact is not None
            assert list(frame["p99"]) == exact[0]


def test_who_may_not_read_about_people_sees_nothing_about_them(company: Warehouse) -> None:
    for shown in PEOPLE:
        frame = Asked(company.settings, READER).frame(PEOPLE_PAGE, shown, {})
        assert len(frame) == 0
        assert "permission denied" in words(drawn(frame, shown))


def test_a_database_that_does_not_answer_is_named_on_the_chart(company: Warehouse) -> None:
    nobody = replace(company.settings, port=free_port())
    shown = section("active-users")
    said = words(drawn(asked(nobody, PRODUCT).frame(PRODUCT, shown, {}), shown))
    assert "The database does not answer: no server answers on" in said


def test_a_choice_reaches_every_chart_of_its_page(company: Warehouse) -> None:
    """The rows of all options are more than those of one, wherever a chart takes it."""
    for page in EVERY_PAGE:
        warehouse = asked(company.settings, page)
        for control in page.controls:
            if not control.everything:
                continue
            known = warehouse.options(control)
            assert next(iter(known)) == EVERYTHING
            assert len(known) > 1, control.name
            for shown in page.sections:
                if control.name not in shown.takes:
                    continue
                whole = warehouse.frame(page, shown, {})
                parts = [warehouse.frame(page, shown, {control.name: name}) for name in known]
                assert whole.equals(parts[0])
                assert any(not part.equals(whole) for part in parts[1:]), shown.name


def test_the_funnel_of_the_dates_stands_beside_as_many_before(company: Warehouse) -> None:
    page = next(page for page in PAGES if page.name == "funnels")
    shown = section("funnel-steps")
    warehouse = asked(company.settings, page)
    for name in warehouse.options(page.controls[0]):
        chosen = {
            "dates": [str(LAST - timedelta(days=9)), str(LAST)],
            "funnel": name,
        }
        rows = warehouse.frame(page, shown, chosen).to_dict("records")
        for is_before, start, end in ((False, 9, -1), (True, 19, 9)):
            with connect(company.settings) as owner:
                exact = owner.execute(
                    "select count(*) from marts.funnel_conversions where funnel_name = %s"
                    " and started_at >= %s and started_at < %s",
                    [name, LAST - timedelta(days=start), LAST - timedelta(days=end)],
                ).fetchone()
            first = [r["users"] for r in rows if r["is_before"] == is_before][:1]
            assert exact == tuple(first or (0,))


@pytest.mark.usefixtures("_fresh_vizro")
@pytest.mark.parametrize("people", [False, True])
def test_there_is_a_page_for_each_and_one_about_people_only_if_asked(
    company: Warehouse, people: bool
) -> None:
    app.build(company.settings, people)
    pages = list(model_manager._get_models(vm.Page))
    assert [page.id for page in pages] == [page.name for page in PAGES if not people or page] + [
        "people"
    ] * people
    for page, built in zip(EVERY_PAGE, pages, strict=False):
        assert [graph.id for graph in built.components] == [s.name for s in page.sections]
        reached = {target for control in built.controls for target in control.targets}
        assert reached == {
            f"{shown.name}.data_frame.{name}"
            for shown in page.sections
            for name in {"dates" if taken in {"first", "last"} else taken for taken in shown.takes}
        }


@pytest.mark.usefixtures("_fresh_vizro")
def test_the_header_says_which_database_is_shown_and_as_of_when(
    company: Warehouse, server: Settings
) -> None:
    pages = [vm.Page(title="any", components=[vm.Card(text="any")])]
    of = header.Dashboards.of(Asked(company.settings, READER), pages)
    said = str(of.custom_header())
    assert f"{company.settings.database}, as of {AS_OF[:10]}" in said
    of._warehouse = Asked(server, READER)  # of which nothing was built
    said = str(of.custom_header())
    assert f"{server.database}, nothing built yet" in said
    assert "There is something to see in a simulated company: " in said
    of._warehouse = Asked(replace(server, port=free_port()), READER)
    assert server.database in str(of.custom_header())


@pytest.mark.usefixtures("_fresh_vizro")
def test_only_this_machine_is_asked(company: Warehouse) -> None:
    """Whom it answers is the gate's to say: see test_guarded.py."""
    client = app.build(company.settings).dash.server.test_client()
    answer = client.get("/", headers={"Host": "localhost"})
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "://" not in answer.get_data(as_text=True).replace("http://localhost", "")


def test_what_there_is_to_choose_is_asked_anew(two_environments: Settings) -> None:
    warehouse = asked(two_environments, PRODUCT)
    options = Options.of(warehouse, PRODUCT.controls[0])
    dates = Dates.of(warehouse, PRODUCT)
    assert options.options == [{"label": name, "value": name} for name in ("production", "staging")]
    with connect(two_environments, autocommit=True) as owner:
        owner.execute(
            "insert into marts.daily_active_users values (%s, 'preview', 1, 1, 1, 1, 1, 0)",
            [LAST + timedelta(days=1)],
        )
        try:
            shown = str(options.build())
            chosen = str(dates.build())
        finally:
            owner.execute("delete from marts.daily_active_users where environment = 'preview'")
    assert "preview" in shown
    assert str(LAST + timedelta(days=1)) in chosen or repr(LAST + timedelta(days=1)) in chosen


def test_nothing_to_choose_is_a_choice_too(without_rows: Settings, company: Warehouse) -> None:
    warehouse = asked(without_rows, PRODUCT)
    options = Options.of(warehouse, PRODUCT.controls[0])
    assert options.options == [{"label": NOTHING_YET, "value": NOTHING_YET}]
    assert Dates.of(warehouse, PRODUCT).max == date.today()
    # Rows that come later are shown when the page is opened again, or the choice made anew.
    options._warehouse = asked(company.settings, PRODUCT)
    assert "value='production'" in str(options.build())
    frame = options._warehouse.frame(PRODUCT, section("sessions"), {"environment": NOTHING_YET})
    assert len(frame) > 0


@pytest.mark.parametrize(
    "zone", ["Pacific/Honolulu", "America/New_York", "UTC", "Asia/Kolkata", "Pacific/Auckland"]
)
def test_the_date_of_a_bucket_is_that_of_its_zone(server: Settings, zone: str) -> None:
    """Charts have the start as an instant only, and do not know the reporting time zone."""
    (shift,) = {
        hours
        for _, shown in PLACES
        for hours in re.findall(r"interval '(\d+ hours)'", shown.query + shown.dates)
    }
    with connect(server) as owner:
        wrong = owner.execute(
            "select date from generate_series(date '2026-01-01', date '2026-12-31', '1 day') as d"
            " cross join lateral (select d::date as date) as dates"
            " where ((d::timestamp at time zone %s) at time zone 'UTC' + %s::interval)::date"
            " <> date",
            [zone, shift],
        ).fetchall()
    assert wrong == []
