"""A page and RDF for every resource of the store: at its own path, and for any IRI at ``/lod/view.do``.

``handlers`` answer requests: ``lookup`` finds the resource that is meant, ``page_data`` reads what its page
shows, from ``statements`` and ``terms``, and ``rendering`` and ``page`` put that into HTML.
"""
