"""Publication of data as generations.

:mod:`~endpoint.ingest.publish` is the entry. A package for each kind of source reads it, and its ``__init__``
has the functions that others call: ``sources`` discovers and opens sources, ``rdf``, ``pages`` and ``tables``
turn them into quads, ``shacl`` validates the result.
"""
