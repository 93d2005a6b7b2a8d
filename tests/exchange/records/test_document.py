"""YAML and JSON say what their author meant."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.errors import InvalidRecord
from fitsprov.exchange.records import document
from fitsprov.exchange.records.document import read_document


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML read alike."""
    if request.param == "libyaml" and not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(document, "LOADER", yaml.CSafeLoader if request.param == "libyaml" else yaml.SafeLoader)


def read(text: str, source: str = "doc") -> Any:
    return read_document(text, source=source, free=frozenset({"config"}), typed=frozenset({"actual"}))


@pytest.mark.parametrize(
    ("bare", "value"),
    [
        ("7", 7),
        ("-3", -3),
        ("0", 0),
        ("007", "007"),
        ("08", "08"),
        ("0o17", "0o17"),
        ("0x1F", 31),
        ("1.10", 1.1),
        ("1e5", "1e5"),
        ("1e-5", 1e-5),
        ("1.e5", 1e5),
        (".5", 0.5),
        ("-1.5E-3", -0.0015),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("12:30:45", "12:30:45"),
        ("2025-12-29", "2025-12-29"),
        ("2025-12-29T04:48:07Z", "2025-12-29T04:48:07Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("3139500e", "3139500e"),
        ("8.0.2", "8.0.2"),
        ("'7'", "7"),
        ('"true"', "true"),
        ("!!str 7", "7"),
        ("|-\n        7", "7"),
        ("[1, a, {b: 2}]", [1, "a", {"b": 2}]),
    ],
)
def test_bare_words_in_free_parts_follow_the_core_schema(bare: str, value: Any) -> None:
    found = read(f"config: {{}}\nother:\n  config:\n    key: {bare}\n")["other"]["config"]["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("bare", ["1.10", "31395008", "3139500e5", "007", "true", "1e5", "2025-12-29", "no"])
def test_elsewhere_a_bare_word_is_its_text(bare: str) -> None:
    assert read(f"version: {bare}\nlist: [{bare}]") == {"version": bare, "list": [bare]}


def test_elsewhere_an_empty_value_is_no_text() -> None:
    assert read("run:\nname: ~") == {"run": None, "name": None}


def test_typed_keys_keep_their_type() -> None:
    assert read("used: [{actual: false}, {actual: no}]") == {"used": [{"actual": False}, {"actual": "no"}]}


def test_keys_are_text() -> None:
    assert read("config: {1: a, true: b, ~: c}") == {"config": {"1": "a", "true": "b", "~": "c"}}


def test_an_alias_repeats_its_anchor() -> None:
    assert read("a: &x {config: {n: 1}}\nb: *x\nc: [*x]") == {
        "a": {"config": {"n": 1}},
        "b": {"config": {"n": 1}},
        "c": [{"config": {"n": 1}}],
    }


BOMB = "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: key 'a' twice in one mapping"),
        ("config:\n  - {a: 1, a: 1}", "line 2: key 'a' twice"),
        ('{"a": {"b": 1, "b": 2}}', "doc: key 'b' twice in one object"),
        ("a: [1, 2", "expected YAML"),
        ("a: b: c", "line 1: "),
        ("a: *nobody", "alias *nobody; expected an anchor"),
        ("a: &a [*a]", "alias *a; expected an anchor before it"),
        (BOMB, "makes the document too large; expected fewer aliases"),
        ("a: 1\n---\nb: 2", "line 2: a second document; expected one"),
        ("a: !!python/object:os.system x", "tag tag:yaml.org,2002:python/object:os.system; expected plain YAML"),
        ("a: !!binary aGk=", "expected plain YAML"),
        ("? [a, b]\n: c", "a key that is no text; expected a name"),
        ("config: {a: .inf}", "number .inf; expected one that is finite"),
        ("config: {a: -.INF}", "number -.INF; expected one that is finite"),
        ("config: {a: .nan}", "number .nan; expected one that is finite"),
        ("config: {a: 1e+999}", "number 1e+999; expected one that is finite"),
        (f"config: {{a: {'9' * 5000}}}", "expected one that is finite"),
        ('{"a": NaN}', "expected finite numbers"),
        ('{"a": -Infinity}', "expected finite numbers"),
        ('{"a": 1e999}', "expected finite numbers"),
        (f'{{"a": {"9" * 5000}}}', "expected finite numbers"),
        ('{"a": "\\ud800"}', "expected Unicode text"),
        ("[" * 5_000, "nested too deep"),
        ('{"a":' * 5_000, "nested too deep"),
        ("a: \x07", "expected YAML or JSON"),
        ("a: \ud800", "expected"),
    ],
)
def test_what_means_nothing_is_refused_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(InvalidRecord) as error:
        read(text)
    assert problem in str(error.value)
    assert str(error.value).startswith("doc: ")
    assert "\n" not in str(error.value)
    assert "expected" in str(error.value)
    assert len(str(error.value)) < 200


def test_a_json_file_is_told_of_json_errors() -> None:
    with pytest.raises(InvalidRecord, match=r"x.json: line 2: .*; expected JSON"):
        read('{"a": 1,\n"b" 2}', source="x.json")
    assert read("{a: 1}") == {"a": "1"}


def test_a_whole_pair_of_surrogates_is_a_character() -> None:
    assert read('{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=50)
@given(value=st.dictionaries(st.text(), JSON, max_size=3))
def test_json_comes_back(value: dict[str, Any]) -> None:
    assert read(json.dumps(value)) == value
    assert read(json.dumps(value, ensure_ascii=False)) == value


def unlike_an_exponent(value: Any) -> bool:
    """PyYAML leaves strings like 1e-5 bare, because its YAML 1.1 takes them for text; a reader cannot know."""
    return not re.search(r"[0-9.][eE][-+]?[0-9]", json.dumps(value))


@settings(max_examples=50)
@given(value=st.dictionaries(st.text(), JSON, max_size=3).filter(unlike_an_exponent))
def test_yaml_that_pyyaml_writes_comes_back(value: dict[str, Any]) -> None:
    text = yaml.safe_dump({"config": value}, sort_keys=False)
    assert read(text) == {"config": value}
