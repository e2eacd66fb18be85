"""The requests of a recording, built by rule from lists: one module for each part of the server."""
