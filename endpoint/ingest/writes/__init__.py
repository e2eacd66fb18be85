"""Writes over HTTP, in a process of their own: SPARQL Update and the Graph Store Protocol.

Several writes become one generation. Each of them is whole in it or left out; see
:mod:`endpoint.ingest.writes.process`.
"""
