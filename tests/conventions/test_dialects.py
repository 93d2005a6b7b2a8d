"""Conventions of others: literal cards from their documentation, what they say, and that nothing hostile raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.actions.conventions import all_conventions, find_convention, known_conventions
from fitsprov.cards.card import format_card, unescape
from fitsprov.cards.grammar import CARD
from fitsprov.conventions.reading import Reading, group_of, read_header
from fitsprov.conventions.writing import spell
from fitsprov.errors import FitsprovError
from fitsprov.model.identifiers import name_id
from fitsprov.model.stamp import Input, Software, Stamp
from tests.strategies import dids, ids

WRITTEN = ("cadc", "eso", "vo")


def cards(text: str) -> bytes:
    """Lines as cards of 80 bytes."""
    lines = text.strip("\n").splitlines()
    assert all(len(line) <= CARD for line in lines)
    return "".join(line.ljust(CARD) for line in lines).encode("ascii")


def read(header: bytes) -> Reading:
    return read_header(header, known_conventions())


def named(*names: str, **columns: Any) -> tuple[Input, ...]:
    return tuple(Input(name=name, **columns) for name in names)


# Starlink SUN/268, CVG_PCADC
CADC = """
PRVCNT  =                    2 / Number of parents
PRV1    = 'jcmts20120706_00022_450_reduced001_obs_000' / Name of the first paren
PRV2    = 'a20120706_00022_01_0001' / Name of the second parent
OBSCNT  =                    1 / Number of root-ancestor headers
OBS1    = 'scuba2_22_20120706T075541_450' / First observation identifier
FILEID  = 'jcmts20120706_00022_450_reduced001_obs_001' / Filename minus extensio
"""
# Starlink, libraries/cvg/cvg_wprov.f
STARLINK = """
                              / Provenance:
PRVP0   = '/export/data/m31_mosaic.sdf' / Path of the 0th parent
PRVI0   = '1,2     '           / Identifiers of direct parents for 0th ancestor
PRVD0   = '2009-06-29T10:11:12' / Creation date of 0th parent
PRVC0   = 'CCDPACK:MAKEMOS'    / Creator software of 0th parent
PRVP1   = '/export/data/m31_reduced.sdf' / Path of the 1st parent
PRVI1   = '2,3     '           / Identifiers of direct parents for 1st ancestor
PRVD1   = '2009-06-29T10:10:12' / Creation date of 1st parent
PRVC1   = 'CCDPACK:FLATCOR'    / Creator software of 1st parent
PRVP2   = '/export/data/raw_002.sdf' / Path of the 2nd parent
PRVI2   = '<unknown>'          / Identifiers of direct parents for 2nd ancestor
PRVD2   = '<unknown>'          / Creation date of 2nd parent
PRVC2   = '<unknown>'          / Creator software of 2nd parent
PRVM2   = 'OBSIDSS=scuba2_22_20120706T075541_450' / Contents of MORE of 2nd pare
PRVP3   = '/export/data/raw_003.sdf' / Path of the 3rd parent
PRVI3   = '<unknown>'          / Identifiers of direct parents for 3rd ancestor
"""
# ESO-044286 issue 6, and a product of the MUSE collection
ESO = """
PRODCATG= 'SCIENCE.CUBE.IFS'   / Data product category
ASSOC1  = 'ANCILLARY.IMAGE.WHITELIGHT' / Category of associated file
ASSON1  = 'ADP.2016-06-01T14:07:30.135.fits' / Name of associated file
OBID1   =              1134385 / Observation block ID
NCOMBINE=                    2 / No. of combined raw science data files
PROCSOFT= 'muse/1.4.1'         / Data reduction software system with version no.
PROV1   = 'MUSE.2015-01-25T04:06:16.000.fits.fz' / Originating raw science file
PROV2   = 'MUSE.2015-01-25T04:25:46.000.fits.fz' / Originating raw science file
"""
# ESO CPL, cpl_dfs_setup_product_header; DICB dictionary PRO
PIPELINE = """
HIERARCH ESO PRO CATG = 'OBJECT_REDUCED' / Category of pipeline product frame
HIERARCH ESO PRO DATANCOM = 2 / Number of combined frames
HIERARCH ESO PRO REC1 ID = 'muse_scipost' / Pipeline recipe (unique) identifier
HIERARCH ESO PRO REC1 DRS ID = 'cpl-6.6' / Data Reduction System identifier
HIERARCH ESO PRO REC1 PIPE ID = 'muse/1.4.1' / Pipeline (unique) identifier
HIERARCH ESO PRO REC1 RAW1 NAME = 'MUSE.2015-01-25T04:06:16.000.fits' / File
HIERARCH ESO PRO REC1 RAW1 CATG = 'OBJECT  ' / Category of raw frame
HIERARCH ESO PRO REC1 RAW2 NAME = 'MUSE.2015-01-25T04:25:46.000.fits' / File
HIERARCH ESO PRO REC1 RAW2 CATG = 'OBJECT  ' / Category of raw frame
HIERARCH ESO PRO REC1 CAL1 NAME = 'MASTER_BIAS-10.fits' / File name of calibrat
HIERARCH ESO PRO REC1 CAL1 CATG = 'MASTER_BIAS' / Category of calibration frame
HIERARCH ESO PRO REC1 CAL1 DATAMD5 = '70237715eb696d0cf9dc67431f353b44' / MD5
HIERARCH ESO PRO REC1 PARAM1 NAME = 'save    ' / Select output product(s)
HIERARCH ESO PRO REC1 PARAM1 VALUE = 'cube,skymodel' / Default: 'cube'
HIERARCH ESO PRO REC1 PARAM2 NAME = 'skymodel_fraction' / Fraction of the image
HIERARCH ESO PRO REC1 PARAM2 VALUE = 0.1 / Default: 0.05
"""
# lsst/ip_isr, isrTaskLSST.py
RUBIN_CALIB = """
HIERARCH LSST CALIB RUN BIAS = 'LSSTCam/calib/DM-53619/biasGen.20251215a/2025&'
CONTINUE  '1216T154728Z'
HIERARCH LSST CALIB UUID BIAS = '019b27d8-9ca5-7fcd-9fc6-23e4d0a2624c'
HIERARCH LSST CALIB DATE BIAS = '2025-12-16 08:52:49 PST'
HIERARCH LSST CALIB RUN CCDEXPOSURE = 'LSSTCam/raw/all'
HIERARCH LSST CALIB UUID CCDEXPOSURE = 'f315c01b-0cd6-51f0-95e8-fce95e84df78'
HIERARCH LSST CALIB DATE CCDEXPOSURE = 'Unknown Unknown'
HIERARCH LSST CALIB BIAS C10 DISTRIBUTION 50.0-PCT = 0.1
HIERARCH LSST CALIB OVERSCAN HASH = 'abc'
"""
# lsst/cp_pipe, cpCombine.py
RUBIN_COMBINED = """
HIERARCH CPP_INPUT_0 = 2025121500012 / Input exposure ID
HIERARCH CPP_INPUT_DATE_0 = '2025-12-15T08:00:37.123' / TAI date of input 0
HIERARCH CPP_INPUT_EXPT_0 = 0.0 / Input exposure time
HIERARCH CPP_INPUT_SCALE_0 = 1.5 / Scaling applied to input
HIERARCH CPP_INPUT_1 = 2025121500013 / Input exposure ID
"""
# IRAF, images.immatch.imcombine; a stack of GNIRS
IRAF = """
IMCMB001= 'xatfbrsnN20070508S0187.fits[SCI]'
IMCMB002= 'rawdir$2004may20_0048.fits'
IMCMB003= 'tmpimgwsk9476kd_5.fits[SCI,1]'
NCOMBINE=                    3
"""
# jwst.datamodels, core.schema.yaml
JWST = """
CAL_VER = '1.12.5  '           / Calibration software version number
CAL_VCS = 'RELEASE '           / Calibration software version control sys number
CRDS_VER= '11.17.14'           / Version of CRDS file selection software used
CRDS_CTX= 'jwst_1180.pmap'     / CRDS context (.pmap) used to select ref files
ASNPOOL = 'jw02738_20231218t065513_pool.csv' / Name of the ASN pool
ASNTABLE= 'jw02738-o001_20231218t065513_image2_00001_asn.json' / Name of the ASN
R_DARK  = 'crds://jwst_nircam_dark_0386.fits' / Dark reference file name
R_FLAT  = 'N/A     '           / Flat reference file name
"""
# DrizzlePac Handbook; a combined image of ACS
DRIZZLE = """
CAL_VER = '10.3.5 (14-Aug-2023)' / CALACS code version
ASN_ID  = 'J8BT06010'          / unique identifier assigned to association
ASN_TAB = 'j8bt06010_asn.fits' / name of the association table
ASN_MTYP= 'PROD-DTH'           / Role of the Member in the Association
NDRIZIM =                    2 / Drizzle, number of images drizzled onto output
D001VER = '3.5.1   '           / Drizzle, task version
D001DATA= 'j8bt06nyq_flt.fits[sci,1]' / Drizzle, input data image
D002DATA= 'j8bt06nzq_flt.fits[sci,1]' / Drizzle, input data image
"""
# desiutil.depend; desispec.scripts.group_spectra
DESI = """
DEPNAM00= 'numpy   '
DEPVER00= '1.11    '
DEPNAM01= 'desiutil'
DEPVER01= '1.4.1.post316'
INFIL000= 'SPECPROD/exposures/20210405/00083678/cframe-b0-00083678.fits.gz'
INFIL001= 'SPECPROD/exposures/20210405/00083678/cframe-r0-00083678.fits.gz'
"""
# MAST, HLSP Contributor Guide, Provenance Metadata
HLSP = """
DISPERSR= 'MULTI   '
DISPER01= 'G130M/180'
DISPER02= 'E230M   '
FILEID01= 'lea22cx3q'
FILEID02= 'ockp07020'
INSTRUME= 'MULTI   '
INSTRU01= 'COS     '
INSTRU02= 'STIS    '
"""
# SDSS data model, spec-PLATE-MJD-FIBER
SDSS = """
NEXP    =                    4 / Number of exposures in this file
EXPID01 = 'b1-00115773-00115763-00115762' / ID string for exposure 1
EXPID02 = 'r1-00115773-00115763-00115762' / ID string for exposure 2
RUN2D   = 'v5_7_0  '           / Spectro-2D reduction name
VERS2D  = 'v5_7_0  '           / Version of idlspec2d for 2D reduction
"""
# IVOA Spectrum Data Model 1.1, table 1
VO = """
VOPUB   = 'CDS     '           / Publisher
VOREF   = '2006ApJ...999...99X' / Bibcode
DS_IDPUB= 'ivo://example.org/dr1?019b68b0-113c-7eb6-9df9-98277069661d'
DS_IDENT= 'ivo://jhu/sdss/dr5#80442261170552832'
CR_IDENT= 'ivo://sdss/dr5/spec#80442261170552832'
"""

DOCUMENTED = {
    "cadc": CADC,
    "starlink": STARLINK,
    "eso": ESO,
    "eso-pipeline": PIPELINE,
    "rubin-calib": RUBIN_CALIB,
    "iraf": IRAF,
    "stsci": JWST,
    "desi": DESI,
    "hlsp": HLSP,
    "sdss": SDSS,
    "vo": VO,
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_cards_of_the_documentation_belong_to_their_convention_alone(name: str) -> None:
    reading = read(cards(DOCUMENTED[name]))
    assert reading.conventions == (name,)
    assert reading.findings == ()


def test_every_convention_is_shown_by_cards_or_a_table() -> None:
    rest = {each.name for each in all_conventions() if not each.tables or each.keywords} - {"native", "rubin"}
    assert rest == set(DOCUMENTED)


class TestCadc:
    def test_parents_and_observations(self) -> None:
        stamp = read(cards(CADC)).stamp
        assert stamp.parents == named("jcmts20120706_00022_450_reduced001_obs_000", "a20120706_00022_01_0001")
        assert stamp.raws == named("scuba2_22_20120706T075541_450")
        assert (stamp.n_parents, stamp.n_raws) == (2, 1)
        assert stamp.extra == {"fileid": "jcmts20120706_00022_450_reduced001_obs_001"}

    def test_planes_are_parents(self) -> None:
        planes = ["caom:JCMT/scuba2_22_20120706T075541/raw-450um", "caom:JCMT/scuba2_23_20120706T080000/raw-450um"]
        header = format_card("INPCNT", 2) + b"".join(format_card(f"INP{n}", p) for n, p in enumerate(planes, 1))
        reading = read(header)
        assert (reading.stamp.parents, reading.stamp.n_parents, reading.findings) == (named(*planes), 2, ())

    def test_parents_and_planes_are_counted_together(self) -> None:
        reading = read(cards(CADC) + format_card("INPCNT", 1) + format_card("INP1", "caom:JCMT/a/b"))
        assert [item.name for item in reading.stamp.parents][2:] == ["caom:JCMT/a/b"]
        assert (reading.stamp.n_parents, reading.findings) == (3, ())

    def test_a_parent_that_was_lost_is_noticed(self) -> None:
        reading = read(cards(CADC).replace(b"PRV2    =", b"PRVX    ="))
        assert [(f.code, f.keyword) for f in reading.findings] == [("count-differs", "PRVCNT")]

    def test_what_was_written_stays_without_the_parts_that_are_not_ours(self) -> None:
        header = format_card("INPCNT", 1) + cards(CADC)
        kept = {card.keyword for card, _ in group_of(header, find_convention("cadc"))}
        assert kept == {"PRVCNT", "PRV1", "PRV2", "OBSCNT", "OBS1"}


class TestStarlink:
    def test_parents_are_those_of_the_file_and_raws_those_that_have_none(self) -> None:
        (reading,) = read(cards(STARLINK)).readings
        stamp = reading.stamp
        assert [item.name for item in stamp.parents] == ["/export/data/m31_reduced.sdf", "/export/data/raw_002.sdf"]
        assert [item.name for item in stamp.raws] == ["/export/data/raw_002.sdf", "/export/data/raw_003.sdf"]
        assert [item.category for item in stamp.parents] == [None, "raw"]
        assert stamp.task == "CCDPACK:MAKEMOS"
        assert stamp.parents[0].extra == {"created": "2009-06-29T10:10:12", "creator": "CCDPACK:FLATCOR"}

    def test_the_whole_ancestry_is_kept_in_the_reading(self) -> None:
        (reading,) = read(cards(STARLINK)).readings
        ((child, parents),) = reading.steps
        assert child == reading.stamp.parents[0]
        assert parents == reading.stamp.raws

    def test_an_ancestor_that_was_lost_is_counted(self) -> None:
        reading = read(cards(STARLINK).replace(b"PRVP1   =", b"PRVX1   ="))
        assert [finding.code for finding in reading.findings] == ["count-differs"]
        assert [item.name for item in reading.stamp.parents] == ["/export/data/raw_002.sdf"]

    def test_a_file_of_unknown_origin_has_no_lists(self) -> None:
        stamp = read(cards("PRVP0   = '/tmp/x.sdf'\nPRVI0   = '<unknown>'")).stamp
        assert (stamp.parents, stamp.raws, stamp.extra) == (None, None, {"path": "/tmp/x.sdf"})

    def test_rings_end(self) -> None:
        ring = "PRVP0   = 'a'\nPRVI0   = '1'\nPRVP1   = 'b'\nPRVI1   = '0,1'"
        assert read(cards(ring)).stamp.parents == named("b")


class TestEso:
    def test_the_files_that_a_product_was_made_from(self) -> None:
        stamp = read(cards(ESO)).stamp
        assert stamp.parents == named("MUSE.2015-01-25T04:06:16.000.fits.fz", "MUSE.2015-01-25T04:25:46.000.fits.fz")
        assert stamp.software == (Software("muse", "1.4.1"),)
        assert stamp.extra == {
            "prodcatg": "SCIENCE.CUBE.IFS",
            "assoc1": "ANCILLARY.IMAGE.WHITELIGHT",
            "asson1": "ADP.2016-06-01T14:07:30.135.fits",
            "obid1": 1134385,
            "ncombine": 2,
        }

    def test_only_the_list_is_replaced(self) -> None:
        assert {card.keyword for card, _ in group_of(cards(ESO), find_convention("eso"))} == {"PROV1", "PROV2"}

    def test_a_pipeline_tells_raws_calibrations_and_parameters(self) -> None:
        stamp = read(cards(PIPELINE)).stamp
        raws = named(
            "MUSE.2015-01-25T04:06:16.000.fits",
            "MUSE.2015-01-25T04:25:46.000.fits",
            type="OBJECT",
            role="raw",
            category="raw",
        )
        bias = Input(
            name="MASTER_BIAS-10.fits",
            type="MASTER_BIAS",
            role="calibration",
            category="calibration",
            extra={"datamd5": "70237715eb696d0cf9dc67431f353b44"},
        )
        assert (stamp.parents, stamp.raws) == ((*raws, bias), raws)
        assert (stamp.type, stamp.task) == ("OBJECT_REDUCED", "muse_scipost")
        assert stamp.software == (Software("cpl", "6.6"), Software("muse", "1.4.1"))
        assert stamp.parameters == {"save": "cube,skymodel", "skymodel_fraction": 0.1}

    def test_records_and_frames_stand_in_the_order_of_their_numbers(self) -> None:
        frames = [(2, 1), (1, 10), (1, 9), (1, 1)]
        header = b"".join(format_card(f"ESO PRO REC{r} RAW{n} NAME", f"{r}-{n}.fits") for r, n in frames)
        assert [item.name for item in read(header).stamp.raws] == ["1-1.fits", "1-9.fits", "1-10.fits", "2-1.fits"]

    def test_recipes_behind_the_first_are_kept(self) -> None:
        second = {"ID": "muse_exp_combine", "PIPE ID": "muse/2.8", "DRS ID": "cpl-7.1"}
        header = b"".join(format_card(f"ESO PRO REC2 {word}", value) for word, value in second.items())
        stamp = read(cards(PIPELINE) + header).stamp
        assert (stamp.task, len(stamp.software)) == ("muse_scipost", 2)
        assert stamp.extra == {"recipe2": "muse_exp_combine", "pipeline2": "muse/2.8", "drs2": "cpl-7.1"}

    def test_both_may_stand_in_one_header(self) -> None:
        reading = read(cards(ESO) + cards(PIPELINE))
        assert reading.conventions == ("eso", "eso-pipeline")
        assert len(reading.stamp.parents) == len(reading.stamp.raws) == 2
        assert reading.findings == ()


class TestRubin:
    def test_calibrations_are_parents_and_the_exposure_is_a_raw(self) -> None:
        stamp = read(cards(RUBIN_CALIB)).stamp
        bias, raw = stamp.parents
        assert (bias.role, bias.category, bias.run) == (
            "bias",
            "calibration",
            "LSSTCam/calib/DM-53619/biasGen.20251215a/20251216T154728Z",
        )
        assert bias.extra == {"date": "2025-12-16 08:52:49 PST"}
        assert (raw.id, raw.category, raw.extra) == (UUID("f315c01b-0cd6-51f0-95e8-fce95e84df78"), "raw", {})
        assert stamp.raws == (raw,)

    def test_beside_the_butlers_cards_they_add_the_raw(self) -> None:
        butler = Stamp(id=UUID(int=1), parents=(UUID(int=2),))
        reading = read(cards(RUBIN_CALIB) + spell(butler, find_convention("rubin")))
        assert reading.conventions == ("rubin", "rubin-calib")
        assert reading.stamp.parents == butler.parents
        assert [item.role for item in reading.stamp.raws] == ["ccdexposure"]

    def test_a_combined_calibration_lists_its_exposures(self) -> None:
        first, second = read(cards(RUBIN_COMBINED)).stamp.raws
        assert (first.name, second) == ("2025121500012", Input(name="2025121500013"))
        assert first.extra == {"date": "2025-12-15T08:00:37.123", "exposure_time": 0.0, "scale": 1.5}

    def test_dotted_keywords_are_the_same(self) -> None:
        stamp = Stamp(id=UUID(int=1), run="a/run", data_id={"visit": 7}, parents=(Input(UUID(int=2), type="raw"),))
        plain = spell(stamp, find_convention("rubin"))
        dotted = b"".join(
            plain[at : at + 9] + plain[at + 9 : at + CARD].partition(b" = ")[0].replace(b" ", b".") + b" = " + rest
            for at in range(0, len(plain), CARD)
            for rest in [plain[at + 9 : at + CARD].partition(b" = ")[2]]
        )
        assert b"HIERARCH LSST.BUTLER.INPUT.0.DATASETTYPE = " in dotted
        assert (read(dotted).stamp, read(dotted).findings) == (stamp, ())

    @pytest.mark.parametrize(
        ("run", "short"),
        [
            ("LSSTComCam/calib/DM-4852...250207a/20250208T010419Z", True),
            ("LSSTComCam/calib/DM-48520/20250208T010419Z", False),
            ("...250207a", False),
            ("a/run...", False),
            ("a/v1..2", False),
        ],
    )
    def test_a_run_that_was_shortened_is_kept_and_marked(self, run: str, short: bool) -> None:
        reading = read(spell(Stamp(run=run), find_convention("rubin")))
        assert reading.stamp.run == run
        assert [finding.code for finding in reading.findings] == ["run-shortened"] * short

    def test_runs_of_inputs_are_marked_once_each(self) -> None:
        inputs = tuple(Input(UUID(int=n), run="u/a...b/c") for n in range(3))
        (finding,) = read(spell(Stamp(parents=inputs), find_convention("rubin"))).findings
        assert finding.message == "run 'u/a...b/c' of 3 inputs was shortened when it was written"

    def test_the_whole_name_in_another_convention_takes_its_place(self) -> None:
        whole = "LSSTComCam/calib/DM-48520/flat.20250207a/20250208T010419Z"
        short = "LSSTComCam/calib/DM-4852...250207a/20250208T010419Z"
        header = format_card("LSST BUTLER RUN", short) + format_card("RUN2D", whole) + format_card("EXPID01", "b1-1")
        reading = read(header)
        assert reading.conventions == ("rubin", "sdss")
        assert reading.stamp.run == whole
        assert [finding.code for finding in reading.findings] == ["run-shortened"]


def test_iraf_names_what_it_combined() -> None:
    stamp = read(cards(IRAF)).stamp
    assert [item.name for item in stamp.parents] == [
        "xatfbrsnN20070508S0187.fits",
        "2004may20_0048.fits",
        "tmpimgwsk9476kd_5.fits",
    ]
    assert stamp.extra == {"ncombine": 3}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("n1.fits", "n1.fits"),
        ("n1", "n1"),
        ("n1.fits[SCI,1][1:100,*]", "n1.fits"),
        ("../raw/n1.fits[0]", "n1.fits"),
        ("rawdir$night/n1.fits", "n1.fits"),
        ("crds://n1.fits", "n1.fits"),
        ("MUSE.2015-01-25T04:06:16.000.fits.fz", "MUSE.2015-01-25T04:06:16.000.fits.fz"),
        ("folder/", "folder/"),
        ("[SCI]", "[SCI]"),
    ],
)
def test_a_file_is_known_by_its_name_wherever_it_lay(text: str, name: str) -> None:
    assert read(format_card("IMCMB001", text)).stamp.parents == named(name)


def test_parts_of_one_file_are_one_parent_and_no_gap() -> None:
    reading = read(format_card("IMCMB001", "a.fits[1]") + format_card("IMCMB002", "a.fits[2]"))
    assert (reading.stamp.parents, reading.findings) == (named("a.fits"), ())


def test_names_meet_by_convention_and_name() -> None:
    (first, *_) = read(cards(IRAF)).stamp.parents
    assert first.identify("iraf") == name_id("xatfbrsnN20070508S0187.fits", "iraf")
    assert first.identify("iraf") != first.identify("desi")


def test_jwst_names_its_reference_files() -> None:
    stamp = read(cards(JWST)).stamp
    assert stamp.parents == named("jwst_nircam_dark_0386.fits", role="dark", category="calibration")
    assert stamp.software == (Software("calibration", "1.12.5"), Software("crds", "11.17.14"))
    assert stamp.parameters == {"crds_context": "jwst_1180.pmap"}
    assert set(stamp.extra) == {"asnpool", "asntable"}


def test_drizzle_names_its_images() -> None:
    stamp = read(cards(DRIZZLE)).stamp
    assert stamp.parents == named("j8bt06nyq_flt.fits", "j8bt06nzq_flt.fits")
    assert stamp.extra == {"asn_id": "J8BT06010", "asn_tab": "j8bt06010_asn.fits", "asn_mtyp": "PROD-DTH"}


def test_a_version_alone_is_a_stamp_without_lists() -> None:
    assert read(cards("CAL_VER = '2.0'")).stamp == Stamp(software=(Software("calibration", "2.0"),))


def test_desi_names_files_and_dependencies() -> None:
    stamp = read(cards(DESI)).stamp
    assert stamp.parents == named("cframe-b0-00083678.fits.gz", "cframe-r0-00083678.fits.gz")
    assert stamp.software == (Software("numpy", "1.11"), Software("desiutil", "1.4.1.post316"))


def test_desi_counts_what_it_does_not_list() -> None:
    reading = read(cards(DESI) + format_card("INFILNUM", 1200))
    assert reading.stamp.n_parents == 1200
    assert [(f.code, f.keyword) for f in reading.findings] == [("count-differs", "INFILNUM")]


def test_mast_and_sdss_name_what_contributed() -> None:
    assert read(cards(HLSP)).stamp.parents == named("lea22cx3q", "ockp07020")
    stamp = read(cards(SDSS)).stamp
    assert stamp.raws == named("b1-00115773-00115763-00115762", "r1-00115773-00115763-00115762")
    assert (stamp.run, stamp.software) == ("v5_7_0", (Software("idlspec2d", "v5_7_0"),))


def test_a_publisher_did_with_a_uuid_is_the_datasets_id() -> None:
    stamp = read(cards(VO)).stamp
    assert stamp.id == UUID("019b68b0-113c-7eb6-9df9-98277069661d")
    assert stamp.publisher_did == f"ivo://example.org/dr1?{stamp.id}"
    assert set(stamp.extra) == {"ds_ident", "cr_ident", "vopub", "voref"}


def test_a_did_of_others_is_kept_without_an_id() -> None:
    stamp = read(format_card("DS_IDPUB", "ivo://cadc.nrc.ca/CFHT?1234/1234p")).stamp
    assert (stamp.id, stamp.publisher_did) == (None, "ivo://cadc.nrc.ca/CFHT?1234/1234p")


@pytest.mark.parametrize(
    "spelled", ["{}", "ivo://org.rubinobs/usdac/lsst-dp1?repo=dp1&id={}", "butler://dp02/{}", "ivo://example.org/x?{}"]
)
@pytest.mark.parametrize("keyword", ["PRV1", "PROV1", "IMCMB001", "INFIL000", "FILEID01", "OBS1", "EXPID01"])
def test_ids_among_the_names_are_ids(keyword: str, spelled: str) -> None:
    found = UUID("019b68b0-113c-7eb6-9df9-98277069661d")
    counts = format_card("OBSCNT", 1) if keyword == "OBS1" else b""
    stamp = read(counts + format_card(keyword, spelled.format(found))).stamp
    assert [item.id for item in (*(stamp.parents or ()), *(stamp.raws or ()))] == [found]


class TestFalsePositives:
    """Keywords that merely look like those of a convention, or that many programs write."""

    @pytest.mark.parametrize(
        "line",
        [
            "PROVENAN= 'somewhere'",
            "PROVID  = 'abc'",
            "PROV    = 'abc'",
            "PROV10  = 'the eleventh of nothing'",
            "OBSERVER= 'E. Hubble'",
            "OBSID   = 'scuba2_00022_20120706T075541'",
            "OBS1    = 'first'",
            "OBSNUM  =                   22",
            "D001VER = '3.5.1'",
            "D001    = 'x'",
            "INFILE  = 'a.fits'",
            "IMCMB1  = 'a.fits'",
            "NCOMBINE=                    3",
            "EXPID   =                83678",
            "FILEID  = 'a'",
            "DATA01  = 'a'",
            "R_DARK  = 'crds://jwst_nircam_dark_0386.fits'",
            "R_EARTH =               6378.1",
            "RUN2D   = 'v5_7_0'",
            "VOPUB   = 'ESO/SAF'",
            "VOREF   = '2006ApJ...999...99X'",
            "PROCSOFT= 'muse/1.4.1'",
            "OBID1   =              1134385",
            "ASSON1  = 'a.fits'",
            "CRDS_VER= '11.17.14'",
            "CAL_VER = '        '",
            "CAL_VER =",
            "ASN_ID  = 'NONE    '",
            "PRVX    = 'x'",
            "COMMENT   PRVCNT  = 2, IMCMB001= 'x', PROV1   = 'y'",
            "OBJECT  = 'PROV1   = '",
            "HIERARCH ESO OBS ID = 200104123",
            "HIERARCH ESO PRO DATANCOM = 2",
            "HIERARCH ESO PRO INPUT 0 ID = 'raw.fits'",
            "HIERARCH LSST CALIB OVERSCAN HASH = 'abc'",
            "HIERARCH LSST ISR UNITS = 'electron'",
        ],
    )
    def test_it_is_no_stamp(self, line: str) -> None:
        assert read(cards(line)) == Reading()


@pytest.mark.parametrize(
    ("name", "line", "keyword"),
    [
        ("cadc", "PRVCNT  = 'two'", "PRVCNT"),
        ("cadc", "PRVCNT  =                   -2", "PRVCNT"),
        ("cadc", "PRV1    =                    T", "PRV1"),
        ("starlink", "PRVI0   = '1;2'", "PRVI0"),
        ("eso", "PROV1   =                  1.5", "PROV1"),
        ("eso-pipeline", "HIERARCH ESO PRO REC1 ID = 7", "ESO PRO REC1 ID"),
        ("eso-pipeline", "HIERARCH ESO PRO REC1 PARAM1 VALUE = 1E999", "ESO PRO REC1 PARAM1 VALUE"),
        ("rubin-calib", "HIERARCH LSST CALIB UUID BIAS = 'None'", "LSST CALIB UUID BIAS"),
        ("iraf", "IMCMB001=                    F", "IMCMB001"),
        ("stsci", "CAL_VER =                    T", "CAL_VER"),
        ("desi", "INFILNUM= 'many'", "INFILNUM"),
        ("vo", "DS_IDPUB=                    5", "DS_IDPUB"),
    ],
)
def test_a_malformed_value_is_left_out_with_a_finding(name: str, line: str, keyword: str) -> None:
    good = b"" if line[:4] in DOCUMENTED[name] and name in ("iraf", "vo") else cards(DOCUMENTED[name])
    before = read(good)
    reading = read(cards(line) + good)
    assert [(f.code, f.keyword) for f in reading.findings if f.code == "value-malformed"] == [
        ("value-malformed", keyword)
    ]
    assert not good or reading.conventions == before.conventions


keywords = st.sampled_from(
    [text[at : at + 8].decode() for text in map(cards, DOCUMENTED.values()) for at in range(0, len(text), CARD)]
)
lines = st.one_of(
    st.builds(
        lambda keyword, value: f"{keyword:<8}= {value}"[:CARD],
        keywords.filter(lambda keyword: keyword.strip() not in ("HIERARCH", "CONTINUE", "")),
        st.one_of(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=70), st.just("'<unknown>'")),
    ),
    st.sampled_from(
        [text[at : at + CARD].decode() for text in map(cards, DOCUMENTED.values()) for at in range(0, len(text), CARD)]
    ),
)


@settings(max_examples=300)
@given(st.lists(lines, max_size=12))
def test_no_header_raises(found: list[str]) -> None:
    reading = read(b"".join(line.ljust(CARD).encode() for line in found))
    assert isinstance(reading, Reading)
    assert all("\n" not in finding.message for finding in reading.findings)


@settings(max_examples=200)
@given(st.sampled_from(sorted(DOCUMENTED)), st.data())
def test_an_edit_of_one_character_never_raises(name: str, data: st.DataObject) -> None:
    text = bytearray(cards(DOCUMENTED[name]))
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(read(bytes(text)), Reading)


plain = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=90).filter(
    lambda text: "&" not in text and unescape(text) == text
)
labels = st.one_of(st.builds(Input, ids), st.builds(lambda name: Input(name=name), plain))


@given(
    st.lists(labels, max_size=5, unique_by=lambda item: item.key),
    st.lists(labels, max_size=5, unique_by=lambda item: item.key),
)
def test_cadc_is_read_as_it_was_written(parents: list[Input], raws: list[Input]) -> None:
    stamp = Stamp(parents=tuple(parents), raws=tuple(raws), extra={"fileid": "product_001"})
    written = written_in("cadc", stamp)
    if written is not None:
        reading = read(written)
        assert (reading.stamp, reading.findings) == (stamp, ())
        assert spell(reading.stamp, find_convention("cadc")) == written


@given(st.lists(labels, min_size=1, max_size=5, unique_by=lambda item: item.key))
def test_eso_is_read_as_it_was_written(parents: list[Input]) -> None:
    stamp = Stamp(parents=tuple(parents))
    written = written_in("eso", stamp)
    if written is not None:
        assert (read(written).stamp, read(written).findings) == (stamp, ())


@given(dids)
def test_vo_is_read_as_it_was_written(did: str) -> None:
    stamp = Stamp(id=UUID(did[-36:]), publisher_did=did)
    assert read(spell(stamp, find_convention("vo"))).stamp == stamp


def written_in(name: str, stamp: Stamp) -> bytes | None:
    """The cards of a stamp; None where no card holds what is in it."""
    try:
        return spell(stamp, find_convention(name))
    except FitsprovError:
        return None


@pytest.mark.parametrize("name", ["cadc", "eso"])
def test_a_name_that_no_card_holds_is_refused(name: str) -> None:
    with pytest.raises(FitsprovError):
        spell(Stamp(parents=named("rün.fits")), find_convention(name))


def test_eso_writes_its_names_without_zeros_before_them() -> None:
    written = spell(Stamp(parents=named("a.fits", "b.fits")), find_convention("eso"))
    assert written == cards(
        "PROV1   = 'a.fits  '           / Originating science file\n"
        "PROV2   = 'b.fits  '           / Originating science file"
    )


def test_names_go_before_ids_where_others_look_for_names() -> None:
    item = Input(UUID(int=7), name="raw_001.fits")
    assert read(spell(Stamp(parents=(item,)), find_convention("eso"))).stamp.parents == named("raw_001.fits")


def test_conventions_are_believed_as_they_stand_in_the_header() -> None:
    for first, second in ((IRAF, HLSP), (HLSP, IRAF)):
        reading = read(cards(first) + cards(second))
        assert reading.stamp.parents == read(cards(first)).stamp.parents
        assert len(reading.readings) == 2


def test_all_dialects_in_one_header_are_each_read_whole(make_header: Callable[..., bytes]) -> None:
    texts = {name: cards(text) for name, text in DOCUMENTED.items()}
    reading = read(make_header(b"".join(texts.values())))
    assert set(reading.conventions) == set(DOCUMENTED)
    alone = {name: read(text).readings[0].stamp for name, text in texts.items()}
    differ = {found.convention for found in reading.readings if found.stamp != alone[found.convention]}
    assert differ <= {"iraf", "eso"}  # both read NCOMBINE, which stands twice now
