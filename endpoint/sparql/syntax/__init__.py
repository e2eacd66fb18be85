"""The syntax of SPARQL: its grammar as a table, and the syntax trees of queries."""
