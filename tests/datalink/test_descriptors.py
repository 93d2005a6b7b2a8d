import pytest
from lxml import etree

from fitsprov.datalink.descriptors import make_descriptors, read_template
from fitsprov.errors import UsageError

TEMPLATE = """\
<service semantics="#proc" content_type="image/png">
<RESOURCE type="meta" utype="adhoc:service" ID="draw" name="draw">
<DESCRIPTION>A drawing
 for ${observatory}</DESCRIPTION>
<PARAM name="accessURL" datatype="char" arraysize="*" value="${base_url}/draw?price=$$1"/>
<GROUP name="inputParams"><PARAM name="ID" datatype="char" arraysize="*" ref="ID" value=""/></GROUP>
</RESOURCE>
</service>
"""
VALUES = {"base_url": "http://x/?a=1&b='é'", "observatory": 'Mount "<Hopper>" & sons'}


def params(descriptor):
    return {item.get("name"): item.get("value") for item in etree.fromstring(descriptor.xml).iterfind("PARAM")}


def inputs(descriptor):
    return {item.get("name"): item for item in etree.fromstring(descriptor.xml).iterfind("GROUP/PARAM")}


@pytest.fixture
def described():
    return {item.id: item for item in make_descriptors("http://x/", "ivo://a.org/b?c")}


def test_services_stand_under_the_base_url(described):
    assert params(described["provenance"])["accessURL"] == "http://x/prov"
    assert {params(item)["accessURL"] for key, item in described.items() if key != "provenance"} == {"http://x/links"}


def test_only_the_self_descriptor_has_a_standard_id(described):
    assert [key for key, item in described.items() if "standardID" in params(item)] == [None]
    assert 'utype="adhoc:this"' in described[None].xml
    assert params(described[None])["exampleURL"] == "http://x/links?ID=ivo%3A%2F%2Fa.org%2Fb%3Fc"


@pytest.mark.parametrize(
    ("name", "term"), [("progenitors", "#progenitor"), ("derivations", "#derivation"), ("siblings", "#coderived")]
)
def test_a_collapsed_kind_is_asked_for_with_its_term_and_the_id_of_the_row(described, name, term):
    found = inputs(described[name])
    assert found["SEMANTICS"].get("value") == term
    assert (found["ID"].get("ref"), found["ID"].get("value")) == ("ID", "")
    assert {found[key].get("value") for key in ("ROLE", "MAXREC")} == {""}


def test_no_example_is_given_where_there_is_none():
    assert [item.id for item in make_descriptors("http://x") if "exampleURL" in params(item)] == []


def test_extra_descriptors_come_first(soda):
    assert make_descriptors("http://x", "a", [soda])[0] is soda


def test_values_are_escaped_into_a_template():
    found = read_template(TEMPLATE, VALUES, "draw.xml")
    assert (found.id, found.semantics, found.content_type) == ("draw", "#proc", "image/png")
    assert found.description == 'A drawing for Mount "<Hopper>" & sons'
    assert params(found) == {"accessURL": "http://x/?a=1&b='%C3%A9'/draw?price=$1"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("${base_url}", "${url}", "\\${url} is unknown; expected one of base_url, observatory"),
        ("$$1", "$1", "placeholder"),
        ("</service>", "", "no element found"),
        ("service", "thing", "around a <RESOURCE>"),
        ("#proc", "proc", "expected semantics='#term'"),
        ("adhoc:service", "adhoc:this", "utype='adhoc:service'"),
        ('ID="draw"', 'ID="progenitors"', "an ID that is none of ours"),
        ('ID="draw"', "", "an ID that is none of ours"),
        ('ID="draw"', 'ID="semantics"', "an ID that is none of ours"),
        ('ID="draw"', 'ID="a b"', "an ID that is none of ours"),
        ("${base_url}/", "", "a PARAM accessURL with an absolute URL"),
        ("price=", "a price=", "a PARAM accessURL with an absolute URL"),
        ('ref="ID"', 'ref="dataset"', "each ref to be to a column"),
        ("DESCRIPTION", "INFO", "a DESCRIPTION"),
        ("accessURL", "url", "a PARAM accessURL"),
        ("inputParams", "params", "a GROUP inputParams"),
    ],
)
def test_a_template_that_no_client_could_call_is_refused_by_name(old, new, message):
    with pytest.raises(UsageError, match=f"^draw.xml: .*{message}"):
        read_template(TEMPLATE.replace(old, new), VALUES, "draw.xml")


def test_two_services_of_one_id_are_refused(soda):
    with pytest.raises(UsageError, match="2 service descriptors have the ID 'soda'; expected one"):
        make_descriptors("http://x", "a", [soda, soda])
