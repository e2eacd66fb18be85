"""A SPARQL publishing endpoint over an embedded Oxigraph store."""

__version__ = "0.1.0"
