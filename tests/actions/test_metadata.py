"""Metadata of tables hold anything: what is no keyword is passed over, and no value raises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

import fitsprov
from fitsprov import Reading, Registry
from fitsprov.errors import NotFits
from tests.actions.conftest import uid

RUBIN = {"LSST.BUTLER.ID": str(uid("table")), "LSST.BUTLER.RUN": "a/run", "LSST.BUTLER.DATAID.VISIT": 7}
ODD = {7: "a number", ("a", "b"): "two words", None: 1, b"LSST.BUTLER.RUN": "bytes"}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
keywords = st.sampled_from(
    [
        *(
            "LSST.BUTLER.ID",
            "LSST BUTLER RUN",
            "LSST.BUTLER.N_INPUTS",
            "LSST.BUTLER.INPUT.0.ID",
            "LSST.BUTLER.INPUT.0.X",
        ),
        *("FPV_VER", "FPV_ID", "FPV_DATA", "FPV_SUM", "FPV_SEAL", "PRVCNT", "PRV1", "PRVP0", "PRVI0", "PRVP1"),
        *("IMCMB001", "INFIL000", "DEPNAM00", "DEPVER00", "CAL_VER", "R_DARK", "EXPID01", "DS_IDPUB", "PROV1"),
    ]
) | st.one_of(st.text(), st.integers(), st.binary())


@given(st.dictionaries(keywords, values, max_size=8))
def test_no_metadata_raise(said: dict[object, object]) -> None:
    reading = fitsprov.inspect(said)
    assert isinstance(reading, Reading)
    assert all("\n" not in finding.message for finding in reading.findings)


def test_keys_that_are_no_keywords_are_passed_over() -> None:
    assert fitsprov.inspect({**RUBIN, **ODD}) == fitsprov.inspect(RUBIN)
    assert fitsprov.inspect(Table(meta={**RUBIN, **ODD})) == fitsprov.inspect(RUBIN)
    assert fitsprov.inspect({**RUBIN, f"LSST.BUTLER.INPUT.{'9' * 5000}.ID": "x"}) == fitsprov.inspect(RUBIN)


@pytest.mark.parametrize("number", [np.int16(7), np.int64(7), np.array(7)])
def test_numbers_of_numpy_are_numbers(number: object) -> None:
    assert fitsprov.read({**RUBIN, "LSST.BUTLER.DATAID.VISIT": number}).data_id == {"visit": 7}


def test_an_odd_parquet_file_does_not_stop_a_harvest(registry: Registry, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'fitsprov[parquet]'")
    Table({"x": [1]}, meta={**RUBIN, 7: "a number", "deep": {"er": [1, 2]}}).write(
        tmp_path / "a.parq", format="parquet"
    )
    done = fitsprov.harvest(tmp_path, registry)
    assert (done.refused, done.counts.datasets) == (0, 1)
    assert registry.dataset(uid("table")).run == "a/run"


def test_a_table_is_resolved_by_its_metadata_from_memory_and_from_a_file(registry: Registry, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'fitsprov[parquet]'")
    path = tmp_path / "a.parq"
    table = Table({"x": [1]}, meta=RUBIN)
    table.write(path, format="parquet")
    fitsprov.harvest(tmp_path, registry)
    for source, name in ((path, str(path)), (str(path), str(path)), (table, "Table"), (RUBIN, "dict")):
        found = fitsprov.resolve(source, registry)
        assert (found.name, found.status, found.dataset.id) == (name, fitsprov.Status.RESOLVED, uid("table"))
    for source, status in ((RUBIN | {"LSST.BUTLER.ID": str(uid("other"))}, "unknown"), ({"x": 1}, "unstamped")):
        assert fitsprov.resolve(source, registry).status == status
    path.write_bytes(b"neither")
    with pytest.raises(NotFits, match="neither"):
        fitsprov.resolve(path, registry)
