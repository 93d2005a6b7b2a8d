"""Sphinx configuration. Building needs no network."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

import fitsprov  # noqa: E402 (found by the line above)

project = "fitsprov"
author = "The fitsprov developers"
project_copyright = author
version = release = fitsprov.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "sphinx_click", "from_sources"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
numpydoc_show_class_members = False

smartquotes = False

html_theme = "furo"
html_title = f"fitsprov {version}"
html_static_path = ["_static"]
html_css_files = ["fitsprov.css"]
html_copy_source = False
html_show_sphinx = False
