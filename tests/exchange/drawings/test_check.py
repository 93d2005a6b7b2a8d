"""Every drawing asks again and again whether somebody still waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fitsprov.exchange.drawings.dot import draw_dot
from fitsprov.exchange.drawings.svg import draw_svg
from fitsprov.exchange.drawings.svg_walk import draw_to_walk
from fitsprov.exchange.drawings.table import draw_table
from fitsprov.exchange.drawings.tree import draw_tree
from fitsprov.model.lineage import Lineage


def walked(lineage: Lineage, **options: Any) -> str:
    return draw_to_walk(lineage, lambda stack: stack.key, **options).svg


@pytest.mark.parametrize("draw", [draw_svg, walked, draw_tree, draw_table, draw_dot])
def test_drawing_is_ended_between_two_datasets(draw: Callable[..., str], large_lineage: Lineage) -> None:
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 1_000:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        draw(large_lineage, check=check)
