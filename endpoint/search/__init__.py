"""Full-text search in Korean and English: an index for each generation, and the queries on it."""

from endpoint.search.build import build_index
from endpoint.search.configuration import Facet, Field, SearchConfiguration
from endpoint.search.index import TextIndex
from endpoint.search.model import PARAMETERS, SORTS, Answer, Document, Hit, Request

__all__ = [
    "PARAMETERS",
    "SORTS",
    "Answer",
    "Document",
    "Facet",
    "Field",
    "Hit",
    "Request",
    "SearchConfiguration",
    "TextIndex",
    "build_index",
]
