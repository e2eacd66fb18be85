"""The pages to search and browse: the catalogue, its facets, the overview in charts."""
