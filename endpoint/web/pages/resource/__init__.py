"""A page and RDF for every resource of the store: at its own path, and for any IRI at ``/lod/view.do``.

``address`` reads which IRI a request means and ``lookup`` finds it in the store; ``page_data`` reads what the
page shows, from ``statements`` and ``terms``; ``rendering`` and ``page`` put it into HTML.
"""
