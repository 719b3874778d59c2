"""How every chart looks: colours that colour-blind people tell apart, quiet axes, no decoration.

Text and background are left open: the page fills them in, light or dark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
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
SEVERITIES = {"low": SKY, "medium": BLUE, "high": ORANGE, "critical": VERMILION}
GRID = "rgba(128, 138, 150, 0.22)"
# From nearly the background, whichever it is, to full colour.
SHADES = [[0, "rgba(0, 114, 178, 0.07)"], [0.5, "rgba(0, 114, 178, 0.55)"], [1, BLUE]]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

WEEK_HOVER = "week of %d %b %Y"
MOST_WEEK_TICKS = 7
ROW_HEIGHT = 22  # of a bar or a line of cells that has a name beside it
TABLE_ROW_HEIGHT = 26
WEEK_MS = 7 * 24 * 60 * 60 * 1000
LEGEND_ON_TOP = {
    **{"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    "font": {"size": 12},
}
SMALL_SCALE = {
    "orientation": "h",
    "thickness": 8,
    "len": 0.4,
    "x": 1,
    "xanchor": "right",
    "y": 1,
    "yanchor": "bottom",
    "ypad": 4,
    "outlinewidth": 0,
    "nticks": 4,
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
        step = 1 + span // MOST_WEEK_TICKS
        figure.update_xaxes(type="date", tick0=min(shown), dtick=step * WEEK_MS)


def new_table(columns: Mapping[str, Sequence[Any]], widths: Sequence[float]) -> go.Figure:
    """Return a table in the house's style; of no rows, its header alone.

    Args:
        columns: their headings, and what stands beneath; text is text, whatever it looks like.
        widths: of the columns, in relation to each other.
    """
    lines = max((len(column) for column in columns.values()), default=0)
    figure = new_figure(
        60 + TABLE_ROW_HEIGHT * (lines + 1), margin={"l": 8, "r": 8, "t": 8, "b": 8}
    )
    clear = "rgba(0, 0, 0, 0)"
    figure.add_table(
        columnwidth=list(widths),
        header={
            "values": [f"<b>{escape(heading)}</b>" for heading in columns],
            "align": "left",
            "fill": {"color": GRID},
            "line": {"width": 0},
            "height": TABLE_ROW_HEIGHT,
        },
        cells={
            "values": [
                ["" if value is None else escape(str(value)) for value in column]
                for column in columns.values()
            ],
            "align": "left",
            "fill": {"color": clear},
            "line": {"color": GRID, "width": 1},
            "height": TABLE_ROW_HEIGHT,
        },
    )
    return figure


def severities_by_week(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Stack each week's alerts by severity.

    Args:
        rows: week_start, severity, alerts.
    """
    figure = new_figure(320, barmode="stack", bargap=0.25, hovermode="x unified")
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        found[row["severity"]][row["week_start"]] = row["alerts"]
    for severity, colour in SEVERITIES.items():
        if severity in found:
            figure.add_bar(
                name=severity,
                x=list(found[severity]),
                y=list(found[severity].values()),
                marker={"color": colour},
                hovertemplate="%{y:,}",
            )
    show_weeks(figure, [row["week_start"] for row in rows])
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(title_text="alerts", rangemode="tozero", tickformat=",")
    return figure
