"""A page and RDF for every resource of the store: at its own path, and for any IRI at ``/lod/view.do``.

``address`` reads which IRI a request means, ``finding`` looks for it, ``variants`` decides which
representation is sent and with which headers, ``service`` sends it. A page is made of ``statements``,
``inverse``, ``terms`` and ``extras``, which ask the engine, and ``cells``, which shows what they found.
"""
