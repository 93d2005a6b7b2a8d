from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from fitsprov.datalink.dataset_rows import DatasetRows, Site
from fitsprov.datalink.links import Selection, make_rows
from fitsprov.errors import UsageError
from fitsprov.model.identifiers import datalink_url
from fitsprov.model.lineage import Category, Linked, Surroundings


def kinds(rows):
    return [(row.semantics, row.local_semantics) for row in rows]


def test_a_dataset_has_its_file_documents_neighbours_and_header_in_this_order(archive, exposure):
    assert kinds(make_rows([exposure], archive)) == [
        ("#this", "exposure"),
        ("#documentation", "provenance"),
        ("#documentation", "provenance"),
        ("#documentation", "provenance"),
        ("#documentation", "provenance"),
        ("#documentation", "page"),
        ("#documentation", "configuration"),
        ("#documentation", "isr_log"),
        ("#progenitor", "raw"),
        ("#progenitor", "calibration"),
        ("#progenitor", "reference"),
        ("#derivation", "coadd"),
        ("#coderived", "background"),
        ("#preview", "quicklook"),
        ("#detached-header", "header"),
    ]


def test_the_first_documentation_is_the_provenance_service(archive, exposure):
    documentation = [row for row in make_rows([exposure], archive) if row.semantics == "#documentation"]
    assert [row.service_def for row in documentation] == ["provenance", "", "", "", "", "", ""]
    formats = [parse_qs(urlsplit(row.access_url).query).get("RESPONSEFORMAT") for row in documentation]
    assert formats == [None, ["PROV-JSON"], ["PROV-N"], ["PROV-VOTABLE"], None, ["PROV-JSON"], None]


def test_links_stand_under_the_base_url(archive, exposure):
    uuid = exposure[-36:]
    rows = list(make_rows([exposure], archive))
    assert rows[0].access_url == f"{archive.base_url}/files/{uuid}"
    assert rows[-1].access_url == f"{archive.base_url}/headers/{uuid}"
    assert rows[5].access_url == f"{archive.base_url}/dataset/{uuid}"
    assert parse_qs(urlsplit(rows[2].access_url).query)["ID"] == [exposure]


def test_media_type_follows_the_copy_and_is_a_fits_image_where_none_is_known(archive, exposure):
    types = {row.local_semantics: (row.content_type, row.content_length) for row in make_rows([exposure], archive)}
    assert types["exposure"] == ("image/fits", 5_760)
    assert types["raw"] == ("image/fits", 8_640)
    assert types["calibration"] == ("image/fits", None)
    assert types["reference"] == ("application/vnd.apache.parquet", None)
    assert types["isr_log"] == ("", None)


@pytest.mark.parametrize(
    ("uri", "length"),
    [
        ("file:///data/image.fits", None),
        ("file:///data/image.fits.gz", None),
        ("file:///data/table.parq", 5_760),
        ("s3://bucket/image.fits", 5_760),
    ],
)
def test_a_length_is_that_of_what_comes_not_that_of_a_file_that_is_stamped_yet(uri, length):
    near = Surroundings(Linked(str(UUID(int=1)), "image", uri=uri, size=5_760))
    assert DatasetRows(Site("http://x", "")).make("a", near, None).this.content_length == length


@pytest.mark.parametrize(
    "spelling", ["{did}", "{uuid}", "{upper}", "butler://dp02/{uuid}", "ivo://x.org/y?repo=z&id={uuid}"]
)
def test_an_id_is_found_in_any_spelling_and_echoed_exactly(archive, exposure, spelling):
    uuid = exposure[-36:]
    sent = spelling.format(did=exposure, uuid=uuid, upper=uuid.upper())
    rows = list(make_rows([sent], archive))
    assert {row.id for row in rows} == {sent}
    assert len(rows) == 15


def test_links_carry_the_uuid_where_no_authority_is_set(archive, exposure):
    archive.authority = None
    rows = list(make_rows([exposure], archive))
    assert parse_qs(urlsplit(rows[2].access_url).query)["ID"] == [exposure[-36:]]
    assert rows[2].id == exposure


def test_a_bad_authority_is_refused_before_any_row(archive, exposure):
    archive.authority = "ivo://example.org/a?b"
    with pytest.raises(UsageError, match="expected ivo://"):
        make_rows([exposure], archive)


def test_links_without_a_base_url_are_refused(archive, exposure):
    archive.base_url = None
    with pytest.raises(UsageError, match="no base URL"):
        make_rows([exposure], archive)


def test_bad_ids_become_one_error_row_each_and_the_others_go_on(archive, exposure):
    unknown = str(UUID(int=5))
    rows = list(make_rows(["nonsense", unknown, "ivo://example.org/archive/dr1?nope", exposure], archive))
    assert [(row.id, row.semantics, row.error_message.partition(":")[0]) for row in rows[:3]] == [
        ("nonsense", "#this", "NotFoundFault"),
        (unknown, "#this", "NotFoundFault"),
        ("ivo://example.org/archive/dr1?nope", "#this", "NotFoundFault"),
    ]
    assert {row.id for row in rows[3:]} == {exposure}


def test_what_nobody_made_has_no_configuration(archive, make_dataset):
    raw = archive.add(make_dataset("raw-2", Category.RAW))
    assert "configuration" not in {row.local_semantics for row in make_rows([raw], archive)}


@pytest.mark.parametrize(("count", "term"), [(25, "#documentation"), (26, "#coderived")])
def test_more_logs_than_a_client_can_take_are_siblings_and_collapse_with_them(archive, make_dataset, count, term):
    logs = [make_dataset(f"log-{i}", Category.LOG) for i in range(count)]
    identifier = archive.add(make_dataset("source"), siblings=logs)
    assert {row.semantics for row in make_rows([identifier], archive, Selection(role="log"))} == {term}
    assert ("#coderived", "siblings") not in kinds(make_rows([identifier], archive)) or count > 25
    assert len(list(make_rows([identifier], archive))) <= 8 + 25


def test_a_recorded_did_and_a_name_are_ids_too(archive, exposure, coadd):
    archive.names = {"ivo://eso.org/ID?ADP.1": [exposure[-36:]], "SC_1": [coadd[-36:]]}
    rows = list(make_rows(["ivo://eso.org/ID?ADP.1", "SC_1"], archive, Selection(semantics="#this")))
    assert [(row.id, row.access_url[-36:]) for row in rows] == [
        ("ivo://eso.org/ID?ADP.1", exposure[-36:]),
        ("SC_1", coadd[-36:]),
    ]


def test_a_did_is_matched_as_it_was_recorded_before_its_uuid(archive, exposure, coadd):
    archive.names = {exposure: [coadd[-36:]]}
    (row,) = make_rows([exposure], archive, Selection(semantics="#this"))
    assert row.access_url.endswith(coadd[-36:])


def test_a_name_of_several_is_no_id(archive, exposure, coadd):
    archive.names = {"night 7": [exposure[-36:], coadd[-36:]]}
    (row,) = make_rows(["night 7"], archive)
    assert row.error_message.startswith("UsageFault: 'night 7' names 2 datasets")


def test_an_id_sent_twice_is_answered_once_and_an_empty_one_not_at_all(archive, exposure, coadd):
    rows = list(make_rows([exposure, "", coadd, exposure], archive))
    assert list(dict.fromkeys(row.id for row in rows)) == [exposure, coadd]
    assert len([row for row in rows if row.semantics == "#this"]) == 2


def test_many_progenitors_collapse_into_a_link_and_a_service_but_calibrations_stay(archive, coadd):
    rows = [row for row in make_rows([coadd], archive) if row.semantics == "#progenitor"]
    link, service, flat = rows
    assert link.access_url == datalink_url(archive.base_url, coadd) + "&SEMANTICS=%23progenitor"
    assert link.content_type == "application/x-votable+xml;content=datalink"
    assert link.description.startswith("41 progenitors")
    assert (service.service_def, service.content_type) == ("progenitors", "")
    assert flat.local_semantics == "calibration"


@pytest.mark.parametrize(("collapse", "collapsed"), [(39, True), (40, False)])
def test_only_more_than_the_limit_collapse_and_calibrations_do_not_count(archive, coadd, collapse, collapsed):
    rows = list(make_rows([coadd], archive, Selection(collapse=collapse)))
    assert any(row.service_def == "progenitors" for row in rows) is collapsed


@pytest.mark.parametrize(("kind", "name"), [("products", "derivations"), ("siblings", "siblings")])
def test_many_products_and_siblings_collapse_too(archive, make_dataset, kind, name):
    many = tuple(make_dataset(f"cut-{i}", Category.CALIBRATION) for i in range(26))
    identifier = archive.add(make_dataset("source"), **{kind: many})
    assert [row.local_semantics for row in make_rows([identifier], archive)][-3:-1] == [name, name]


def test_asking_for_one_kind_lists_all_of_it(archive, coadd):
    rows = list(make_rows([coadd], archive, Selection(semantics="#progenitor")))
    assert {row.semantics for row in rows} == {"#progenitor"}
    assert len(rows) == 41


def test_asking_for_a_role_keeps_that_role_alone(archive, coadd):
    assert len(list(make_rows([coadd], archive, Selection(semantics="#progenitor", role="calibration")))) == 1
    assert len(list(make_rows([coadd], archive, Selection(role="parent")))) == 40


def test_asking_for_a_term_finds_narrower_ones(archive, exposure):
    rows = list(make_rows([exposure], archive, Selection(semantics="#documentation")))
    assert [row.semantics for row in rows] == ["#documentation"] * 7 + ["#detached-header"]


def test_error_rows_pass_every_filter(archive):
    assert len(list(make_rows(["nonsense"], archive, Selection(semantics="#progenitor", role="raw")))) == 1


def test_an_unknown_term_is_refused(archive, exposure):
    with pytest.raises(UsageError, match="'progenitor' is no term"):
        make_rows([exposure], archive, Selection(semantics="progenitor"))


def test_the_limit_keeps_the_rows_of_one_id_together(archive, exposure):
    rows = make_rows(["nonsense", exposure], archive, Selection(maxrec=15))
    assert [row.id for row in rows] == ["nonsense"]
    assert rows.overflow


def test_the_limit_cuts_a_single_id_that_is_too_much_for_it(archive, coadd):
    rows = make_rows([coadd], archive, Selection(semantics="#progenitor", maxrec=10))
    assert len(list(rows)) == 10
    assert rows.overflow


def test_a_limit_that_is_met_exactly_leaves_nothing_out(archive, exposure):
    rows = make_rows([exposure], archive, Selection(maxrec=15))
    assert len(list(rows)) == 15
    assert not rows.overflow


def test_a_limit_of_nothing_asks_nothing(archive, exposure):
    rows = make_rows([exposure], archive, Selection(maxrec=0))
    assert list(rows) == []
    assert rows.overflow
    assert archive.calls == 0


def test_ids_are_looked_up_in_batches(archive, make_dataset):
    identifiers = [archive.add(make_dataset(f"d-{i}")) for i in range(600)]
    assert len(list(make_rows(identifiers, archive))) == 600 * 7
    assert archive.calls == 4


def test_fewer_are_looked_up_at_once_where_each_has_many_around_it(archive, make_dataset):
    many = tuple(make_dataset(f"cut-{i}") for i in range(2_000))
    identifiers = [archive.add(make_dataset(f"d-{i}"), products=many) for i in range(72)]
    assert len(list(make_rows(identifiers, archive))) == 72 * 9
    assert archive.calls == 3


def test_extra_services_are_offered_before_the_provenance_service(archive, exposure, soda):
    services = [row for row in make_rows([exposure], archive, services=[soda]) if row.service_def]
    assert [(row.service_def, row.semantics, row.content_type) for row in services] == [
        ("soda", "#cutout", "image/fits"),
        ("provenance", "#documentation", ""),
    ]


def test_a_stub_is_linked_without_a_media_type(archive, make_dataset):
    stub = make_dataset("lost", None, type=None, data_id=None, stub=True)
    identifier = archive.add(make_dataset("found"), [(stub, None)])
    (row,) = make_rows([identifier], archive, Selection(semantics="#progenitor"))
    assert (row.content_type, row.description, row.local_semantics) == ("", f"dataset {stub.id}", "parent")
