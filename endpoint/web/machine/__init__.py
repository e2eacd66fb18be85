"""Descriptions of the data for programs: VoID, DCAT, statistics, completion, feed, sitemaps, health."""
