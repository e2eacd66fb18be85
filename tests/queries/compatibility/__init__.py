"""Files as people keep them for grlc and its like, on the real server."""
