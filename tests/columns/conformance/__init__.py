"""The W3C's query evaluation tests, answered from columns and by the engine.

The tests are no part of this repository: ``RDF_TESTS`` names the folder of a checkout of
https://github.com/w3c/rdf-tests. Without it nothing is collected here.
"""
