"""The page around the charts: its text, its look, and the few lines that draw the figures.

The policy in its head forbids the browser to fetch anything from anywhere: the page is complete.
"""

from __future__ import annotations

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<dl>
{facts}</dl>
{simulated}</header>
<main>
{areas}</main>
<footer>{footer}</footer>
{scripts}</body>
</html>
"""

FACT = "<div><dt>{name}</dt><dd>{value}</dd></div>\n"
SIMULATED = '<p class="simulated"><strong>Simulated data.</strong> {what}</p>\n'
NOTHING = (
    '<p class="simulated"><strong>Nothing to show yet.</strong> There is something to see in '
    "{offer}</p>\n"
)
AREA = """\
<section aria-labelledby="area-{area}">
<h2 id="area-{area}">{title}</h2>
<div class="charts">
{cards}</div>
</section>
"""
CARD = """\
<article id="{name}"{wide}>
<h3>{question}</h3>
<p>{how_to_read}</p>
{content}<details><summary>Source: {marts}</summary>
<pre><code>{query}</code></pre></details>
</article>
"""
FIGURE = """\
<div class="figure" role="img" aria-label="{question}" style="height: {height}px"></div>
<script type="application/json" class="data">{json}</script>
"""
TABLE = """\
<div class="table" role="region" aria-label="{question}" tabindex="0"><table>
<thead><tr>{headings}</tr></thead>
<tbody>
{lines}</tbody>
</table></div>
"""
NONE = '<div class="empty"><p>{words}</p></div>\n'
EMPTY = '<div class="empty"><p>Nothing to show yet. {remedy}</p></div>\n'
PLOTLY = "<script>{source}</script>\n<script>\n{drawing}</script>\n"

STYLE = """\
:root {
  --page: #f5f6f8; --card: #ffffff; --ink: #1b1f24; --quiet: #5b6570; --line: #dfe3e8;
  --note: #fff4d6; --note-ink: #5c4400;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101418; --card: #181d23; --ink: #e6e9ed; --quiet: #9aa5b1; --line: #2b333c;
    --note: #3a2f10; --note-ink: #f6dd9c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 82rem;
  background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { margin: 0 0 .75rem; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 2rem 0 .75rem; font-size: 1rem; font-weight: 600; color: var(--quiet); }
h3 { margin: 0; font-size: 1.1rem; line-height: 1.3; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.25rem; margin: 0; }
dt { font-size: .8rem; color: var(--quiet); }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.simulated {
  margin: 1.25rem 0 0; padding: .6rem .9rem; border-radius: .5rem;
  background: var(--note); color: var(--note-ink); font-size: .9rem;
}
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(2, minmax(0, 1fr)); }
article {
  display: flex; flex-direction: column; padding: 1.1rem 1.25rem .8rem; min-width: 0;
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
}
article.wide { grid-column: 1 / -1; }
article > p { margin: .25rem 0 .75rem; color: var(--quiet); font-size: .9rem; }
.figure { width: 100%; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .85rem; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
.empty {
  display: grid; place-items: center; min-height: 12rem; padding: 1rem; text-align: center;
  border: 2px dashed var(--line); border-radius: .5rem; color: var(--quiet); font-size: .9rem;
}
code { font: .85em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details { margin-top: auto; padding-top: .6rem; color: var(--quiet); font-size: .85rem; }
summary { cursor: pointer; }
pre { overflow-x: auto; margin: .5rem 0 .25rem; padding: .75rem; border-radius: .5rem;
  background: var(--page); color: var(--ink); line-height: 1.4; }
footer { margin-top: 2rem; color: var(--quiet); font-size: .85rem; }
@media (max-width: 60rem) { .charts { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 40rem) {
  body { padding: 1.25rem .75rem 2rem; }
  h1 { font-size: 1.4rem; }
  article { padding: .9rem .9rem .6rem; }
}
@page { size: A4; margin: 12mm; }
@media print { body { background: none; } article, tr { break-inside: avoid; } }
.paper body { width: 700px; padding: 0; }
.paper .charts { display: block; }
.paper article { margin-bottom: 1rem; }
"""

DRAWING = """\
(() => {
  const settings = {displayModeBar: false, responsive: true, showTips: false};
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const named = (name) => style.getPropertyValue(name).trim();
    return {
      "font.color": named("--ink"),
      "hoverlabel.bgcolor": named("--card"),
      "hoverlabel.bordercolor": named("--line"),
      "hoverlabel.font.color": named("--ink"),
    };
  };
  // Plotly would choose the colour of words on cells for a white page.
  const adapt = (figure) => {
    const ink = {"textfont.color": colours()["font.color"]};
    const cells = figure.data.flatMap((trace, i) => trace.type === "heatmap" ? [i] : []);
    return Plotly.update(figure, cells.length ? ink : {}, colours(), cells);
  };
  const figures = document.querySelectorAll(".figure");
  for (const figure of figures) {
    const {data, layout} = JSON.parse(figure.nextElementSibling.textContent);
    Plotly.newPlot(figure, data, layout, settings).then(() => adapt(figure));
  }
  dark.addEventListener("change", () => {
    for (const figure of figures) adapt(figure);
  });
  for (const [name, isPaper] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(name, () => {
      document.documentElement.classList.toggle("paper", isPaper);
      for (const figure of figures) Plotly.relayout(figure, {autosize: true});
    });
  }
})();
"""
