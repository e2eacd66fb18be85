"""``SERVICE text:search { … }`` inside SPARQL, answered from the text index."""
