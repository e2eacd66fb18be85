"""``SERVICE text:search { … }`` inside SPARQL: found, read, and answered from the text index."""
