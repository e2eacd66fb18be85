"""Worker side: results of a query as bytes, in every format."""
