"""A page and RDF for every resource of the store: at its own path, and for any IRI at ``/lod/view.do``.

``handlers`` answers requests: ``lookup`` determines the resource, ``page_data`` reads the data of its page
with ``statements`` and ``terms``, and ``rendering`` and ``page`` write the HTML.
"""
