"""Data on its way into a generation.

:mod:`~endpoint.ingest.publish` is the way in. A package for each kind of source reads it, and its
``__init__`` has the functions that others call: ``sources`` discovers and opens sources, ``rdf``, ``pages``
and ``tables`` make quads of them, ``shacl`` validates the result.
"""
