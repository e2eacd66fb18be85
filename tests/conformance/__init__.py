"""The W3C's SPARQL test suites, driven over HTTP against the running server.

The suites are no part of this repository: ``RDF_TESTS`` names the folder of a checkout of
https://github.com/w3c/rdf-tests, or of the part ``sparql`` of it. ``make conformance`` runs all and writes a
report in EARL (https://www.w3.org/TR/EARL10-Schema/).
"""
