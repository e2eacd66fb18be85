"""Saved queries: files with a query and its parameters, read into a catalog.

:mod:`endpoint.catalog.reading` reads them; :mod:`endpoint.catalog.query` is what they become.
"""

from endpoint.catalog.query import Catalog, SavedQuery
from endpoint.catalog.reading import read_catalog

__all__ = ["Catalog", "SavedQuery", "read_catalog"]
