"""Results of a query as bytes, in every format; used in the workers."""
