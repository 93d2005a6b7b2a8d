"""Hypothesis strategies that all tests share: identifiers, hostile text, dataIds, inputs, stamps."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from fitsprov.model.identifiers import datalink_url, is_id, publisher_did
from fitsprov.model.stamp import Input, Stamp

__all__ = [
    "data_ids",
    "ids",
    "inputs",
    "names",
    "rubin_inputs",
    "rubin_stamps",
    "runs",
    "scalars",
    "stamps",
    "texts",
]

NASTY = "'&/%=:.\"\\ ,;{}aE1é☃😀\t\n\x00\x7f"
"""What FITS cards, FITS readers, JSON or shells take for something else."""
TRAPS = (
    "abc: 1.5",
    "DP1: 1",
    "it's",
    "''",
    "%41",
    "100%",
    "a &",
    "&",
    "x/ y",
    " lead",
    "trail ",
    "END",
    "T",
    "1E5",
    "=",
)
"""What some reader is known to give back changed."""

ids = st.uuids()
# Unicode without lone surrogates: what UTF-8 can say
texts = st.one_of(
    st.sampled_from(TRAPS),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.text(NASTY, min_size=1, max_size=140),
    st.builds(
        lambda part, times, end: part * times + end,
        st.sampled_from(["run/", "''", "é"]),
        st.integers(1, 60),
        st.text(NASTY),
    ),
)
names = texts.filter(lambda text: not is_id(text))
runs = st.from_regex(r"[A-Z][A-Za-z]{2,8}/runs/[A-Za-z0-9_./-]{1,120}[A-Za-z0-9]", fullmatch=True)

integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
scalars = st.one_of(texts, st.just(""), integers, floats, st.booleans())
dimensions = st.one_of(st.sampled_from(["instrument", "visit", "band", "detector", "tract"]), texts)
data_ids = st.dictionaries(dimensions, scalars, max_size=4)

inputs = st.one_of(st.builds(Input, ids), st.builds(lambda name: Input(name=name), names))
lists = st.none() | st.lists(inputs, max_size=6).map(tuple)
hashes = st.from_regex(r"(datasum|sha256):[1-9]:[0-9a-f]{32}", fullmatch=True)
times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(
    lambda time: time.replace(microsecond=0)
)
dids = st.builds(publisher_did, st.sampled_from(["ivo://example.org", "ivo://org.rubinobs/lsst-dp1"]), ids)

stamps = st.builds(
    Stamp,
    id=st.none() | ids,
    run=st.none() | runs | texts,
    type=st.none() | st.sampled_from(["raw", "visit_image", "deep_coadd"]) | texts,
    data_id=st.none() | data_ids,
    activity_id=st.none() | ids,
    publisher_did=st.none() | dids,
    datalink=st.none() | dids.map(lambda did: datalink_url("https://example.org/prov", did)),
    parents=lists,
    raws=lists,
    fingerprint=st.none() | hashes,
    stamped=st.none() | times,
)
"""All that our own convention can say."""

rubin_dimensions = st.from_regex(r"[a-z][a-z_]{0,15}", fullmatch=True)
rubin_texts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="=&':"), min_size=1)
rubin_inputs = st.builds(
    Input,
    ids,
    run=st.none() | runs,
    type=st.none() | rubin_texts,
    extra=st.dictionaries(
        rubin_dimensions.filter(lambda key: key not in ("id", "run", "datasettype")), rubin_texts | integers, max_size=2
    ),
)
rubin_stamps = st.builds(
    Stamp,
    id=st.none() | ids,
    run=st.none() | runs,
    type=st.none() | rubin_texts,
    data_id=st.none() | st.dictionaries(rubin_dimensions, rubin_texts | integers, min_size=1, max_size=4),
    activity_id=st.none() | ids,
    parents=st.none() | st.lists(rubin_inputs, max_size=5).map(tuple),
)
"""All that Rubin's convention can say."""
