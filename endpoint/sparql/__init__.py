"""SPARQL text without a parser: tokens, query form, parameters, and diagnoses of mistakes."""
