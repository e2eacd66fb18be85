"""The SPARQL Protocol over HTTP, its service description, and the query editor."""
