"""Whether a page can be read: what axe-core says, text that is cut off, contrast by pixels."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

# Drawings are judged by their pixels: axe does not see what lies behind the text of an SVG.
AXE = """async rules => {
    const found = await axe.run(
        {exclude: [".main-svg"]},
        {resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})},
    );
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`,
    ));
}"""

# Text of an element itself, with its place on the screen; text that nobody is shown is left out.
TEXTS = """
const texts = () => [...document.querySelectorAll("body *")].flatMap(element => {
    const own = [...element.childNodes].filter(n => n.nodeType === 3 && n.data.trim());
    if (!own.length || element.closest("style, script, option, .material-symbols-outlined"))
        return [];
    if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) return [];
    const range = document.createRange();
    range.selectNodeContents(element);
    const place = element.closest("svg")
        ? element.getBoundingClientRect() : range.getBoundingClientRect();
    return place.width < 1 || place.height < 1
        ? [] : [{element, place, words: own.map(n => n.data.trim()).join(" ")}];
});
"""

CUT_OFF = (
    "() => {"
    + TEXTS
    + """
    const SLACK = 2;
    const scrolls = element => /auto|scroll/.test(getComputedStyle(element).overflowX);
    const cuts = (element, axis) =>
        /hidden|clip/.test(getComputedStyle(element)[axis]) && element.clientWidth > 0;
    const faults = [];
    const drawn = new Map();
    for (const {element, place, words} of texts()) {
        const plot = element.closest(".js-plotly-plot");
        if (plot) drawn.set(plot, [...(drawn.get(plot) ?? []), {place, words}]);
        let above = element;
        for (; above && !scrolls(above); above = above.parentElement) {
            if (above.closest("svg")) continue;
            const room = above.getBoundingClientRect();
            if (cuts(above, "overflowX")
                && (place.left < room.left - SLACK || place.right > room.right + SLACK))
                faults.push(`cut off at a side: ${words}`);
            if (cuts(above, "overflowY")
                && (place.top < room.top - SLACK || place.bottom > room.bottom + SLACK))
                faults.push(`cut off above or below: ${words}`);
        }
        if (!element.closest("[role=region]") && place.right > innerWidth + SLACK)
            faults.push(`beyond the screen: ${words}`);
    }
    for (const written of drawn.values()) {
        written.forEach((one, i) => written.slice(i + 1).forEach(other => {
            const [a, b] = [one.place, other.place];
            if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > SLACK
                && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2 * SLACK)
                faults.push(`one over the other: ${one.words} and ${other.words}`);
        }));
    }
    return [...new Set(faults)];
}"""
)

# The colour of each text beside the one that is most behind it, on a picture without any text.
COLOURS = (
    "() => {"
    + TEXTS
    + """
    return texts().map(({element, place, words}) => {
        const style = getComputedStyle(element);
        let opacity = 1;
        for (let above = element; above; above = above.parentElement)
            opacity *= Number(getComputedStyle(above).opacity);
        const colour = element.closest("svg") ? style.fill : style.color;
        return {words, colour, opacity, place: place.toJSON()};
    });
}"""
)
WITHOUT_TEXT = (
    "* { color: transparent !important; -webkit-text-fill-color: transparent !important; }"
    "svg text, svg tspan { fill: transparent !important; stroke: transparent !important; }"
)
CONTRASTS = """async ({picture, texts}) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const light = ([r, g, b]) => [r, g, b].map(value => value / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    return texts.flatMap(({words, colour, opacity, place}) => {
        const left = Math.max(place.left, 0), top = Math.max(place.top, 0);
        const width = Math.min(place.right, image.width) - left;
        const height = Math.min(place.bottom, image.height) - top;
        if (width < 1 || height < 1) return [];
        const {data} = context.getImageData(left, top, width, height);
        const counts = new Map();
        for (let i = 0; i < data.length; i += 4) {
            const key = data.slice(i, i + 3).join();
            counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        const behind = [...counts].sort((a, b) => b[1] - a[1])[0][0].split(",").map(Number);
        const [r, g, b, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
        const part = alpha * opacity;
        const before = [r, g, b].map((value, i) => value * part + behind[i] * (1 - part));
        const [dark, bright] = [light(before), light(behind)].sort((a, b) => a - b);
        const contrast = (bright + 0.05) / (dark + 0.05);
        return contrast < 4.5
            ? [`${contrast.toFixed(2)}: ${words} (${colour}, ${part} on ${behind})`] : [];
    });
}"""


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def barriers(page: Page, rules: list[str] | None = None) -> list[str]:
    """Return what axe-core finds wrong.

    Args:
        page: that is open.
        rules: to which the search is confined.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())  # as the debugger does, which the page's policy does not bind
    found: list[str] = page.evaluate(AXE, rules)
    return found


def cut_off(page: Page) -> list[str]:
    """Return text that its surroundings cut off, or that lies over other text of a chart."""
    found: list[str] = page.evaluate(CUT_OFF)
    return found


def too_pale(page: Page) -> list[str]:
    """Return text whose contrast to what is behind it is less than 4.5 to 1."""
    texts: list[dict[str, Any]] = page.evaluate(COLOURS)
    picture = base64.b64encode(page.screenshot(style=WITHOUT_TEXT)).decode()
    found: list[str] = page.evaluate(CONTRASTS, {"picture": picture, "texts": texts})
    return found
