"""How machines find the pages and read their heads: robots, sitemap, feed, metadata."""
