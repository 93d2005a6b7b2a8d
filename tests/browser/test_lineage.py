"""The drawing on the page of a dataset: walked and folded, by mouse and by keys."""

from __future__ import annotations

import re
from typing import Any

from tests.browser.conftest import OpenPage
from tests.service.conftest import COADD, MANY, visit

WIDE = f"/dataset/{visit(-1)}"


def cards(page: Any) -> Any:
    """The cards of the drawing."""
    return page.locator("svg.walked a")


def focused(page: Any) -> str:
    """What has the focus, as it is read out."""
    return str(page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"))


def test_stack_unfolds_into_few_at_a_time_and_folds_again(open_page: OpenPage) -> None:
    page = open_page(WIDE)
    assert cards(page).count() == 2
    cards(page).filter(has_text=f"{MANY:,} × visit").click()
    page.locator(".fold").wait_for()
    assert cards(page).count() == 13
    assert focused(page).startswith("166 × visit, visit 0 to 165")
    cards(page).nth(12).click()
    page.locator(".fold").nth(1).wait_for()
    assert cards(page).count() == 24
    page.locator(".fold").first.click()
    page.locator(".fold").first.wait_for(state="detached")
    assert cards(page).count() == 2
    assert focused(page).startswith(f"{MANY:,} × visit")


def test_drawing_is_asked_for_once_however_often_it_is_unfolded(open_page: OpenPage) -> None:
    page = open_page(WIDE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/dataset/" in request.url else None)
    for _ in range(3):
        cards(page).filter(has_text=f"{MANY:,} × visit").click()
        page.locator(".fold").wait_for()
        assert cards(page).count() == 13
        page.locator(".fold").click()
        page.locator(".fold").wait_for(state="detached")
        assert cards(page).count() == 2
    page.go_back()
    page.locator(".fold").wait_for()
    assert len(asked) == len(set(asked)) == 2


def test_way_back_leads_through_what_was_unfolded(open_page: OpenPage) -> None:
    page = open_page(WIDE)
    cards(page).filter(has_text=f"{MANY:,} × visit").click()
    page.locator(".fold").wait_for()
    assert "open=" in page.url
    page.go_back()
    page.locator(".fold").wait_for(state="detached")
    page.go_forward()
    page.locator(".fold").wait_for()
    page.reload()
    assert cards(page).count() == 13


def test_dataset_opens_its_own_page(open_page: OpenPage) -> None:
    page = open_page(f"/dataset/{COADD}")
    cards(page).filter(has_text=re.compile("flatGen")).click()
    page.wait_for_url(re.compile(r"/dataset/(?!01a1f86f-ec58)"))
    assert page.locator("h1").inner_text() == "flat"
    page.get_by_role("link", name="Made into", exact=True).click()
    page.locator(".ways a[aria-current]", has_text="Made into").wait_for()
    assert cards(page).count() > 1


def test_keys_alone_walk_unfold_fold_and_open(open_page: OpenPage) -> None:
    page = open_page(f"/dataset/{COADD}")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(9):
        page.keyboard.press("Tab")
        if focused(page).startswith("deep_coadd"):
            break
    assert page.evaluate("document.activeElement.getAttribute('role')") == "treeitem"
    seen = []
    for key in ("ArrowUp", "ArrowLeft", "ArrowUp", "ArrowUp", "ArrowDown", "Home", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(focused(page).partition(",")[0])
    assert seen == [
        *("visit_image", "32 × visit_image", "32 × post_isr_image", "flat", "32 × post_isr_image"),
        *("deep_coadd", "visit_image", "32 × visit_image"),
    ]
    page.keyboard.press("Enter")
    page.locator(".fold").wait_for()
    assert "visit_image" in focused(page)
    page.keyboard.press("-")
    page.locator(".fold").wait_for(state="detached")
    assert focused(page).startswith("32 × visit_image")
    page.keyboard.press(" ")
    page.locator(".fold").wait_for()


def test_card_that_is_walked_to_comes_into_view(open_page: OpenPage) -> None:
    page = open_page(f"/dataset/{COADD}?open=1", viewport={"width": 500, "height": 400})
    cards(page).first.focus()
    for key in (*["ArrowLeft"] * 3, *["ArrowUp"] * 3, *["ArrowRight"] * 2, "Home"):
        page.keyboard.press(key)
        card, box = page.locator("svg.walked a:focus").bounding_box(), page.locator(".drawing").bounding_box()
        assert box["x"] <= card["x"] <= card["x"] + card["width"] <= box["x"] + box["width"], key
        assert 0 <= card["y"] <= card["y"] + card["height"] <= 400, key


def test_one_card_at_a_time_can_be_reached_and_each_says_where_it_stands(open_page: OpenPage) -> None:
    page = open_page(f"/dataset/{COADD}")
    told = page.locator("svg.walked[role=tree] a[role=treeitem]").evaluate_all(
        "all => all.map(one => [one.tabIndex, one.getAttribute('aria-level'), one.getAttribute('aria-expanded')])"
    )
    assert len(told) == cards(page).count() > 10
    assert [index for index, _, _ in told].count(0) == 1
    assert {level for _, level, _ in told} >= {"1", "2", "3", "4"}
    assert {expanded for _, _, expanded in told} == {None, "false"}


def test_without_javascript_all_text_is_there_and_links_unfold(open_page: OpenPage) -> None:
    page = open_page(WIDE, java_script_enabled=False)
    text = page.locator("main").inner_text()
    for told in ("What it is", "How it was made", "Made from 2,000", "@misc{", "fitsprov resolve"):
        assert told in text
    cards(page).nth(1).click()
    page.locator(".fold").wait_for()
    assert cards(page).count() == 13
    assert page.locator(".zoom, .hint").first.is_hidden()


def test_text_is_copied(open_page: OpenPage) -> None:
    page = open_page(f"/dataset/{COADD}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy Resolve, with the registry").click()
    page.get_by_role("button", name="Copy Resolve, with the registry").filter(has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"fitsprov resolve {COADD}"


def test_drawing_can_be_made_larger_and_fitted_again(open_page: OpenPage) -> None:
    page = open_page(f"/dataset/{COADD}", viewport={"width": 700, "height": 900})
    width = page.locator("svg.walked").bounding_box()["width"]
    page.get_by_role("button", name="Larger").click()
    assert page.locator("svg.walked").bounding_box()["width"] > 1.2 * width
    page.get_by_role("button", name="Fit").click()
    assert page.locator("svg.walked").bounding_box()["width"] == width
