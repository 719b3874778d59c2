"""How every chart looks: colours that colour-blind people tell apart, quiet axes, no decoration.

Text and background are left open: the page fills them in, light or dark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from textwrap import wrap
from typing import Any

from plotly import graph_objects as go  # type: ignore[import-untyped]

# Okabe and Ito's palette, without its yellow (too pale on white) and black (gone on black).
BLUE, ORANGE, GREEN, VERMILION, SKY, PINK = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#56b4e9",
    "#cc79a7",
)
PALETTE = (BLUE, ORANGE, GREEN, PINK, VERMILION, SKY)
GREY = "#8b949e"
WORDS_ON = {BLUE: "#ffffff", SKY: "#141721"}  # of bars, either with 4.5 to 1
SEVERITIES = {"low": SKY, "medium": BLUE, "high": ORANGE, "critical": VERMILION}
GRID = "rgba(128, 138, 150, 0.22)"
# From nearly the background, whichever it is, to as much colour as leaves words on it legible.
SHADES = [[0, "rgba(0, 114, 178, 0.07)"], [1, "rgba(0, 114, 178, 0.62)"]]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

DATE_HOVER = "%a %d %b %Y"
WEEK_HOVER = "week of %d %b %Y"
MOST_TICKS = 5  # dates on an axis, for more of which a telephone has no room
ROW_HEIGHT = 22  # of a bar or a line of cells that has a name beside it
LETTERS_A_LINE = 42  # of words in place of a chart, on a telephone
WEEK_MS = 7 * 24 * 60 * 60 * 1000
HATCHED = "/"  # what is not over yet
LONGEST_NAME = 34  # letters beside a bar; more would leave no room for it on a telephone
LEGEND_ON_TOP = {
    **{"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    "font": {"size": 12},
}
SMALL_SCALE = {
    "orientation": "h",
    "thickness": 8,
    "len": 0.6,
    "x": 1,
    "xanchor": "right",
    "y": 1,
    "yanchor": "bottom",
    "ypad": 4,
    "outlinewidth": 0,
    "nticks": 3,
    "tickangle": 0,
    "tickfont": {"size": 11},
}
AXIS = {
    "automargin": True,
    "fixedrange": True,  # a finger scrolls the page, not the chart
    "gridcolor": GRID,
    "linecolor": GRID,
    "zeroline": False,
    "ticks": "",
    "title": {"standoff": 8},
}


def new_figure(height: int, **layout: Any) -> go.Figure:
    """Return an empty figure in the house's style.

    Args:
        height: in pixels; the width is the page's.
        layout: more of Plotly's layout.
    """
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        font={"family": FONT, "size": 13},
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        hoverlabel={"font": {"family": FONT}},
        legend=LEGEND_ON_TOP,
        dragmode=False,
        uniformtext={"mode": False},  # a theme around it may hide what is smaller than it likes
    )
    figure.update_layout(**layout)
    figure.update_xaxes(**AXIS, showgrid=False)
    figure.update_yaxes(**AXIS)
    return figure


def colours(names: Iterable[str]) -> Mapping[str, str]:
    """Return a colour for each name, whatever their order: the same in each chart with these.

    Args:
        names: the series; those beyond the palette are grey.
    """
    known = sorted(set(names))
    return {name: PALETTE[i] if i < len(PALETTE) else GREY for i, name in enumerate(known)}


def show_dates(figure: go.Figure, dates: Iterable[date]) -> None:
    """Let a chart's x axis name some of its dates, however few (Plotly would come to milliseconds).

    Args:
        figure: whose x values are dates.
        dates: those that it shows: days, or the first dates of longer periods.
    """
    shown = sorted(set(dates))
    figure.update_xaxes(tickformat="%d %b", hoverformat=DATE_HOVER, tickangle=0)
    if shown:
        figure.update_xaxes(type="date", tickvals=shown[:: 1 + len(shown) // MOST_TICKS])


def show_weeks(figure: go.Figure, weeks: Iterable[date]) -> None:
    """Let a chart's x axis name weeks by their Mondays (Plotly would choose Sundays).

    Args:
        figure: whose x values are dates.
        weeks: the Mondays that it shows.
    """
    shown = set(weeks)
    figure.update_xaxes(tickformat="%d %b", hoverformat=WEEK_HOVER, tickangle=0)
    if shown:
        span = (max(shown) - min(shown)).days // 7
        step = 1 + span // MOST_TICKS
        figure.update_xaxes(type="date", tick0=min(shown), dtick=step * WEEK_MS)


def add_line(
    figure: go.Figure,
    points: Sequence[Mapping[str, Any]],
    x: str,
    y: Sequence[Any],
    colour: str,
    width: int = 2,
    **trace: Any,
) -> None:
    """Draw a line whose last stretch is dashed where it leads to a period that is not over.

    Args:
        figure: to draw on.
        points: rows, ascending; `is_running` (False if missing) says what is not over.
        x: the column on the x axis.
        y: the value of each row.
        colour: of the line.
        width: of the line.
        trace: more of Plotly's scatter.
    """
    places = [point[x] for point in points]
    trace = {"mode": "lines+markers", "marker": {"size": 5, "color": colour}, **trace}
    if len(places) == 1:
        trace["mode"] = "lines+markers"  # a line of one point cannot be seen
    line = {"color": colour, "width": width}
    running = [bool(point.get("is_running")) for point in points]
    over = running.index(True) if True in running else len(points)
    if over or not points:
        whole = {**trace, **_part(trace, 0, over)}
        figure.add_scatter(x=places[:over], y=list(y[:over]), line=line, **whole)
    if over < len(points):
        begin = max(over - 1, 0)  # in both, so that the line goes on; told of once
        figure.add_scatter(
            x=places[begin:],
            y=list(y[begin:]),
            line={**line, "dash": "dot"},
            hoverinfo=["skip"] * (over - begin) + ["all"] * (len(places) - over),
            **{
                **trace,
                **_part(trace, begin, len(places)),
                "hovertemplate": f"{trace.get('hovertemplate', '%{y}')} (not over yet)",
                "showlegend": not over and trace.get("showlegend", True),
            },
        )


def _part(trace: Mapping[str, Any], begin: int, end: int) -> dict[str, Any]:
    """Return what a trace says of some of its points."""
    data = trace.get("customdata")
    return {} if data is None else {"customdata": list(data)[begin:end]}


def hatch(points: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the pattern of bars, hatched where a period is not over yet.

    Args:
        points: rows; `is_running` (False if missing) says what is not over.
    """
    shapes = [HATCHED if point.get("is_running") else "" for point in points]
    return {"shape": shapes, "fillmode": "overlay", "size": 6, "solidity": 0.35}


def words_at(lengths: Sequence[float], needed: float) -> list[str]:
    """Return where the words of bars stand: in those that have room for them, else behind.

    Args:
        lengths: of the bars, as shares of the longest one.
        needed: the share that the words take on a telephone.
    """
    return ["inside" if length > needed else "outside" for length in lengths]


def rule_cell(figure: go.Figure, left: Any, right: Any, y: int) -> None:
    """Rule a cell of a heatmap, which knows no pattern of its own: it is not over yet.

    Args:
        figure: to draw on.
        left: where the cell begins on the x axis: a number or a time.
        right: where it ends.
        y: its place on the y axis.
    """
    for shift in (-0.5, 0.0, 0.5):
        begin, end = max(0.0, -shift), min(1.0, 1.0 - shift)
        figure.add_shape(
            type="line",
            **{"x0": left + (right - left) * begin, "x1": left + (right - left) * end},
            **{"y0": y - 0.5 + begin + shift, "y1": y - 0.5 + end + shift},
            line={"color": GREY, "width": 1},
        )


def name_of(name: str | None, identifier: str) -> str:
    """Return what people call something, as short as an axis needs it.

    Args:
        name: its name; None if nobody gave it one.
        identifier: stands for it then.
    """
    words = name or identifier
    return words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1].rstrip() + "…"


def new_words(words: str) -> go.Figure:
    """Return a figure without axes that says something, in lines that fit a telephone.

    Args:
        words: without markup.
    """
    figure = new_figure(200)
    write(figure, words)
    return figure


def write(figure: go.Figure, words: str) -> None:
    """Let a figure say something in place of its axes.

    Args:
        figure: without data.
        words: without markup.
    """
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text="<br>".join(escape(line, quote=False) for line in wrap(words, LETTERS_A_LINE)),
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"size": 13},
    )


def severities_by_week(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Stack each week's alerts by severity.

    Args:
        rows: week_start, severity, alerts.
    """
    figure = new_figure(320, barmode="stack", bargap=0.25, hovermode="x unified")
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["severity"]].append(row)
    for severity, colour in SEVERITIES.items():
        if severity in found:
            figure.add_bar(
                name=severity,
                x=[row["week_start"] for row in found[severity]],
                y=[row["alerts"] for row in found[severity]],
                marker={"color": colour, "pattern": hatch(found[severity])},
                hovertemplate="%{y:,}",
            )
    show_weeks(figure, [row["week_start"] for row in rows])
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(title_text="alerts", rangemode="tozero", tickformat=",")
    return figure
