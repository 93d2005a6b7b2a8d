from urllib.parse import parse_qs, urlsplit

import pytest
from astropy.config.paths import set_temp_cache
from pyvo.dal import DALQueryError
from pyvo.dal.adhoc import DatalinkQuery, DatalinkResults
from pyvo.dal.exceptions import DALServiceError
from pyvo.utils import vocabularies

from fitsprov.datalink.client import offline_vocabulary, read_links
from fitsprov.datalink.links import make_rows
from fitsprov.datalink.row import Fault
from fitsprov.datalink.votable import write_error, write_votable

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def links(document):
    return read_links(document)


def test_pyvo_reads_every_row_with_its_id_as_it_was_sent(links, archive, exposure, coadd):
    sent = [exposure, coadd, "ivo://example.org/archive/dr1?nope", "nonsense"]
    assert list(dict.fromkeys(record.id for record in links)) == sent
    assert len(links) == len(list(make_rows(sent, archive)))


def test_semantics_need_no_network(links, exposure):
    progenitors = [record for record in links.bysemantics("#progenitor") if record.id == exposure]
    assert [record["local_semantics"] for record in progenitors] == ["raw", "calibration", "reference"]


def test_a_wide_term_finds_the_narrow_ones_unless_told_not_to(links):
    wide = {record.semantics for record in links.bysemantics("documentation")}
    assert wide == {"#documentation", "#detached-header"}
    assert {r.semantics for r in links.bysemantics("documentation", include_narrower=False)} == {"#documentation"}


def test_plain_pyvo_works_offline_within_the_context(document):
    plain = DatalinkResults(read_links(document).votable)
    with offline_vocabulary():
        assert len(list(plain.bysemantics("#progenitor"))) == 6


def test_nothing_is_left_behind_in_pyvo_or_the_cache(links, tmp_path):
    load = vocabularies.get_vocabulary
    with set_temp_cache(tmp_path):
        assert list(links.bysemantics("#this"))
        with pytest.raises(RuntimeError, match="inside"), offline_vocabulary(), offline_vocabulary():
            raise RuntimeError("inside")
    assert vocabularies.get_vocabulary is load
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_other_vocabularies_still_come_from_pyvo(monkeypatch):
    monkeypatch.setattr(vocabularies, "get_vocabulary", lambda name, force_update: (name, force_update))
    with offline_vocabulary():
        assert vocabularies.get_vocabulary("uat") == ("uat", False)


def test_the_first_service_is_the_provenance_service(links, archive, exposure):
    record = links.get_first_proc()
    assert record.service_def == "provenance"
    query = DatalinkQuery.from_resource(record, links.get_adhocservice_by_id("provenance"), DEPTH="ALL")
    assert query.queryurl == f"{archive.base_url}/prov"
    assert dict(query) == {"ID": exposure, "DEPTH": "ALL"}


def test_the_first_service_is_the_extra_one_where_there_is_one(archive, exposure, soda):
    rows = make_rows([exposure], archive, services=[soda])
    links = read_links(b"".join(write_votable(rows, archive.descriptors([soda]))))
    assert links.get_first_proc().service_def == "soda"
    assert links.get_adhocservice_by_ivoid("ivo://ivoa.net/std/SODA#sync-1").ID == "soda"


def test_the_service_of_collapsed_rows_is_asked_for_all_of_them(links, archive, coadd):
    (record,) = [record for record in links if record.service_def == "progenitors"]
    query = DatalinkQuery.from_resource(record, links.get_adhocservice_by_id("progenitors"), MAXREC=50)
    assert query.queryurl == f"{archive.base_url}/links"
    assert dict(query) == {"ID": coadd, "SEMANTICS": "#progenitor", "MAXREC": "50"}


def test_only_the_collapsed_link_leads_to_further_links(links, archive, coadd, monkeypatch):
    asked = []

    def answer(url, **options):
        asked.append(url)
        wanted = {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}
        return read_links(archive.document(wanted["ID"], semantics=wanted["SEMANTICS"]))

    monkeypatch.setattr(DatalinkResults, "from_result_url", answer)
    followed = []
    for record in links:
        try:
            followed.append(record.getdatalink())
        except DALServiceError:
            continue
    assert len(asked) == 1
    (found,) = followed
    assert [record.id for record in found] == [coadd] * 41


def test_every_row_gives_a_url_or_raises_its_error(links):
    for record in links:
        if record.error_message:
            with pytest.raises(DALServiceError, match="Fault: "):
                record.getdataurl()
        else:
            assert record.getdataurl().startswith("https://archive.example.org/prov/")


def test_links_of_one_id_can_be_taken_out(links, coadd):
    alone = links.clone_byid(coadd)
    assert {record.id for record in alone} == {coadd}
    assert alone.get_adhocservice_by_id("progenitors")


def test_a_failed_request_is_raised_with_its_fault():
    with pytest.raises(DALQueryError, match="UsageFault: too bad"):
        read_links(write_error(Fault.USAGE, "too bad"))
