"""Everything the office prints, from plain contents to PDF; the only package that imports reportlab.

The package itself imports nothing, so that reading a scan line costs no PDF library.
"""
