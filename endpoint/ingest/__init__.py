"""Data on its way into a generation.

:mod:`~endpoint.ingest.publish` is the way in. A room for each kind of source says how it is read, and its
``__init__`` holds what others call: ``sources`` finds and opens them, ``rdf``, ``pages`` and ``tables`` make
quads of them, ``shacl`` validates what came of it.
"""
