import pytest

from fitsprov.datalink.row import Fault, Row, Rows


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"access_url": "http://x/", "service_def": "soda"},
        {"access_url": "http://x/", "error_message": "FatalFault"},
        {"access_url": "http://x/", "service_def": "soda", "error_message": "FatalFault"},
    ],
)
def test_a_row_has_exactly_one_of_link_service_and_error(given):
    with pytest.raises(ValueError, match="expected exactly one"):
        Row("a", "#this", **given)


@pytest.mark.parametrize(("identifier", "semantics"), [("", "#this"), ("a", "")])
def test_a_row_needs_an_id_and_semantics(identifier, semantics):
    with pytest.raises(ValueError, match="expected both"):
        Row(identifier, semantics, access_url="http://x/")


def test_a_row_cannot_be_changed():
    row = Row("a", "#this", access_url="http://x/")
    with pytest.raises(AttributeError):
        row.semantics = "#progenitor"
    with pytest.raises(AttributeError):
        row.extra = 1


def test_a_fault_stands_before_its_text():
    assert Fault.NOT_FOUND.tell("no such thing") == "NotFoundFault: no such thing"


def test_rows_know_after_the_last_whether_any_were_left_out():
    row = Row("a", "#this", access_url="http://x/")

    def cut():
        yield row
        return True

    rows = Rows(cut())
    assert not rows.overflow
    assert list(rows) == [row]
    assert rows.overflow
    whole = Rows([row])
    assert list(whole) == [row]
    assert not whole.overflow
