"""How pages look: nothing sticks out, all can be read, on a telephone and in the dark."""

from __future__ import annotations

import pytest

from tests.browser.conftest import HOSTILE, OpenPage
from tests.service.conftest import COADD, UNKNOWN, visit

PAGES = {
    "search": "/",
    "found": "/?type=raw",
    "coadd": f"/dataset/{COADD}",
    "wide": f"/dataset/{visit(-1)}?open=1,1.0,1.0.0",
    "hostile": f"/dataset/{HOSTILE}",
    "hostile found": "/?q=longlong*",
    "second page": "/?type=visit&page=2",
    "impact": "/touched?task=isr",
    "missing": f"/dataset/{UNKNOWN}",
}
STICKING_OUT = """() => [...document.querySelectorAll("body *")].filter(one => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1) && !one.closest(".drawing, .scroll, .skip, .unseen");
}).map(one => one.outerHTML.slice(0, 120))"""
FAINT = """() => {
    const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
    const light = colour => {
        const [r, g, b] = numbers(colour).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = one => {
        if (one.closest("svg.walked") && one.matches("text, tspan"))
            return getComputedStyle(one.closest("a").querySelector(one.closest(".task") ? ".band" : ".card")).fill;
        for (let box = one; box; box = box.parentElement) {
            const colour = getComputedStyle(box).backgroundColor, parts = numbers(colour);
            if (parts.length === 3 || parts[3] > 0) return colour;
        }
    };
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const one = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || one.closest("title, desc, .skip, [hidden]")) continue;
        const style = getComputedStyle(one);
        const [a, b] = [light(one.closest("svg") ? style.fill : style.color), light(behind(one))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        const words = texts.currentNode.data.trim().slice(0, 40);
        if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${one.tagName}.${one.getAttribute("class")} ${words}`);
    }
    return [...new Set(found)];
}"""
"""Text whose contrast is below what WCAG 2.2, 1.4.3 asks of text of any size."""


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_nothing_sticks_out_and_all_can_be_read(open_page: OpenPage, path: str) -> None:
    for width, scheme in ((1280, "light"), (400, "dark"), (320, "light")):
        size = {"width": width, "height": 800}
        page = open_page(path, refused=404 if UNKNOWN in path else None, viewport=size, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(STICKING_OUT) == []
        assert page.evaluate(FAINT) == []


def test_dark_is_dark(open_page: OpenPage) -> None:
    shades = []
    for scheme in ("light", "dark"):
        page = open_page(f"/dataset/{COADD}", color_scheme=scheme)
        told = page.evaluate("""[document.body, document.querySelector(".drawing")].map(
            one => Math.max(...getComputedStyle(one).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)))""")
        shades.append(told)
    assert min(shades[0]) > 200
    assert max(shades[1]) < 50


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_can_be_seen_wherever_it_is(open_page: OpenPage, scheme: str) -> None:
    page = open_page(f"/dataset/{COADD}", color_scheme=scheme)
    for _ in range(30):
        page.keyboard.press("Tab")
        seen = page.evaluate("""(() => {
            const one = document.activeElement, style = getComputedStyle(one);
            if (one.matches("svg a")) return getComputedStyle(one.querySelector("rect.card")).strokeWidth === "3px";
            return one === document.body || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        })()""")
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
