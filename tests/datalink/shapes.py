"""Documents of links in the shapes that other services give them, each right by DataLink 1.1 where it claims to be.

None is copied: elements, order and habits are those of the services, hosts and datasets are made up.
"""

NAMES = {
    "ID": "meta.id;meta.main",
    "access_url": "meta.ref.url",
    "service_def": "meta.ref",
    "error_message": "meta.code.error",
    "description": "meta.note",
    "semantics": "meta.code",
    "content_type": "meta.code.mime",
    "content_length": "phys.size;meta.file",
}
STANDARD = '<INFO name="standardID" value="ivo://ivoa.net/std/DataLink#links-1.1"/>'
OK = '<INFO name="QUERY_STATUS" value="OK"/>'
SODA = """<RESOURCE ID="cutout" type="meta" utype="adhoc:service">
<GROUP name="inputParams">
<PARAM arraysize="*" datatype="char" name="ID" ucd="meta.id;meta.dataset" value="butler://dr1/1"/>
<PARAM arraysize="3" datatype="double" name="CIRCLE" unit="deg" value="" xtype="circle"/>
<PARAM arraysize="*" datatype="char" name="DETAIL" value="Image">
<VALUES><OPTION value="Image"/><OPTION value="Mask"/></VALUES></PARAM>
</GROUP>
<PARAM arraysize="*" datatype="char" name="accessURL" ucd="meta.ref.url" value="https://x.example/cutout/sync"/>
<PARAM arraysize="*" datatype="char" name="standardID" value="ivo://ivoa.net/std/SODA#sync-1.0"/>
</RESOURCE>"""


def field(name: str, ucd: str, more: str = "") -> str:
    kind = 'datatype="long" unit="byte"' if name == "content_length" else 'datatype="char" arraysize="*"'
    return f'<FIELD name="{name}" {kind} ucd="{ucd}"{more}/>'


FIELDS = "".join(field(*item) for item in NAMES.items())


def votable(fields: str, rows: str, *, infos: str = STANDARD + OK, behind: str = "", version: str = "1.4") -> str:
    return (
        f'<VOTABLE version="{version}" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">{infos}'
        f"<TABLE>{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE>{behind}</VOTABLE>"
    )


def row(*cells: str) -> str:
    return f"<TR>{''.join(f'<TD>{cell}</TD>' for cell in cells)}</TR>"


RUBIN = votable(
    FIELDS,
    row(
        "butler://dr1/1",
        "<![CDATA[https://s3.example/1?X-Amz-Signature=ab&X=1]]>",
        "",
        "",
        "Primary image",
        "#this",
        "application/fits",
        "1234",
    )
    + row("butler://dr1/1", "", "cutout", "", "Cutout, masked", "https://x.example/soda.html#Masked", "", ""),
    behind=SODA,
)
DACHS = '<?xml version="1.0"?><?xml-stylesheet href="/static/datalink-to-html.xsl" type="text/xsl"?>' + votable(
    "<DESCRIPTION>Data links for data sets.</DESCRIPTION>"
    + FIELDS
    + field("local_semantics", "meta.id.assoc")
    + '<FIELD name="contentqualifier" datatype="char" arraysize="*"/>',
    row("ivo://x/~?a/b.fits", "http://x.example/a/b.fits", "", "", "all", "#this", "image/fits", "0x10", "a", "")
    + row("ivo://x/~?no", "", "", "NotFoundFault: not here", "", "#this", "", "", "", ""),
    infos=OK + STANDARD,
    version="1.3",
)
CADC = votable(
    FIELDS.replace('unit="byte"', 'unit="byte" ID="length"', 1)
    + '<FIELD name="readable" datatype="boolean" arraysize="1"/>'
    + field("link_auth", "meta.code")
    + '<FIELD name="link_authorized" datatype="boolean" ucd="meta.code"/>',
    row("caom:X/1", "https://x.example/1.fits", "", "", "-", "#this", "application/fits", "7", "T", "optional", "T")
    + row("caom:X/1", "", "pkg", "", "tar", "#package", "application/x-tar", "", "1", "true", "F"),
    behind="""<RESOURCE type="meta" utype="adhoc:service" ID="pkg">
<PARAM name="accessURL" datatype="char" arraysize="*" value="https://x.example/pkg"/>
<PARAM name="resourceIdentifier" datatype="char" arraysize="*" value="ivo://x.example/pkg"/>
<GROUP name="inputParams"><PARAM name="ID" datatype="char" arraysize="*" value="caom:X/1"/></GROUP></RESOURCE>
<RESOURCE type="meta" utype="adhoc:service" name="this">
<PARAM name="standardID" datatype="char" arraysize="*" value="ivo://ivoa.net/std/DataLink#links-1.1"/>
<PARAM name="accessURL" datatype="char" arraysize="*" value="https://x.example/links"/>
<GROUP name="inputParams"><PARAM name="ID" datatype="char" arraysize="*" value=""/></GROUP></RESOURCE>""",
)
ESO = votable(
    FIELDS.replace('unit="byte" ucd="phys.size;meta.file"/>', 'unit="byte" ucd="phys.size;meta.file">')
    + '<VALUES null="-1"/></FIELD>'
    + '<FIELD name="eso_origfile" datatype="char" arraysize="*"/><FIELD name="readable" datatype="boolean"/>',
    row("ivo://x/1", "https://x.example/1#ext=2", "", "", "a", "#this", "application/x-fits-hcompress", "-1", "a", "T")
    + row("ivo://x/1", "https://x.example/c", "", "", "b", "http://x.example/rdf/x#raw2raw", "", "5", "", ""),
)
ERROR = (
    '<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
    '<INFO name="QUERY_STATUS" value="ERROR">UsageFault: no such format</INFO></RESOURCE></VOTABLE>'
)
EMPTY = votable(FIELDS, "").replace("<DATA><TABLEDATA></TABLEDATA></DATA>", "")

RIGHT = {
    "rubin": RUBIN,
    "dachs": DACHS,
    "cadc": CADC,
    "eso": ESO,
    "empty": EMPTY,
    "a comment in a cell": RUBIN.replace("#this", "#th<!-- c -->is"),
    "a status that is told, and an overflow": RUBIN.replace(OK, OK.replace("/>", ">fine</INFO>")).replace(
        "</TABLE>", "</TABLE>" + OK.replace("OK", "OVERFLOW")
    ),
    "overflow at once": RUBIN.replace(OK, OK.replace("OK", "OVERFLOW")),
    "prefixes": RUBIN.replace("<", "<v:").replace("<v:/", "</v:").replace("<v:!", "<!").replace("xmlns=", "xmlns:v="),
    "statuses of other resources": RUBIN.replace("</RESOURCE>", f"</RESOURCE><RESOURCE>{OK}</RESOURCE>", 1),
    "a term of a vocabulary beside the core": RUBIN.replace(
        "https://x.example/soda.html#Masked", "http://www.ivoa.net/rdf/datalink/core-x#y"
    ),
    "a reference to a frame": RUBIN.replace('xtype="circle"', 'xtype="circle" ref="icrs"').replace(
        OK, OK + '<COOSYS ID="icrs" system="ICRS"/>'
    ),
    "both spellings of oneself": CADC.replace(
        "</VOTABLE>", CADC[CADC.rindex("<RESOURCE") :].replace('service" name="this"', 'this" name=""')
    ),
    "letters that char has since 1.6": RUBIN.replace('"1.4"', '"1.6"').replace("Primary", "Aufnahme é"),
}
"""Documents that no rule but of clients' habits may fault."""
