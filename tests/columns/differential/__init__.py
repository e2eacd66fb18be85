"""A second evaluator of queries against the plain engine, on generated queries over generated data.

Nothing may differ but what the engine leaves open: the order of what ties, which rows LIMIT shows, the labels
of new blank nodes.
"""
