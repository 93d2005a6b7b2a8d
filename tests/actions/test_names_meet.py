"""Files that headers name meet those files when they are harvested, whatever their paths are."""

from __future__ import annotations

from pathlib import Path

import pytest

import fitsprov
from fitsprov import Registry
from tests.actions.conftest import write_cards


@pytest.mark.parametrize(
    ("name", "own", "listed"),
    [
        ("cframe-b0-00083678.fits", "DEPNAM00= 'numpy   '", "INFIL000= 'SPECPROD/exposures/1/cframe-b0-00083678.fits'"),
        ("n1.fits", "IMCMB001= 'raw1.fits'", "IMCMB001= 'rawdir$n1.fits[SCI,1]'"),
        ("j8bt06nyq_flt.fits", "ASN_ID  = 'J8BT06010'", "D001DATA= 'j8bt06nyq_flt.fits[sci,1]'"),
        ("jwst_dark.fits", "CRDS_CTX= 'jwst_1180.pmap'", "R_DARK  = 'crds://jwst_dark.fits'"),
        (
            "MASTER_BIAS.fits",
            "HIERARCH ESO PRO CATG = 'MASTER_BIAS'",
            "HIERARCH ESO PRO REC1 CAL1 NAME = './MASTER_BIAS.fits'",
        ),
        ("a1_cube.fits", "FILEID  = 'a1_cube '", "PRV1    = 'a1_cube '"),
    ],
)
@pytest.mark.parametrize("first", [0, 1])
def test_a_product_and_the_file_it_was_made_of_are_one_lineage(
    name: str, own: str, listed: str, first: int, registry: Registry, tmp_path: Path
) -> None:
    beside = ["PRVCNT  = 0"] if own.startswith("FILEID") else ["CAL_VER = '1.0'"] if listed.startswith("R_") else []
    counted = ["PRVCNT  = 1"] if listed.startswith("PRV") else ["CAL_VER = '1.0'"] if listed.startswith("R_") else []
    maker = write_cards(tmp_path / "in" / name, own, *beside)
    product = write_cards(tmp_path / "out" / "product.fits", listed, *counted)
    for path in sorted([maker, product], reverse=bool(first)):
        fitsprov.harvest(path, registry)
    (parent,) = fitsprov.resolve(product, registry).parent_rows()
    assert registry.dataset_of_file(maker.as_uri()) == registry.dataset(parent["id"]).id
    assert not registry.dataset(parent["id"]).stub
