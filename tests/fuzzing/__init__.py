"""Every parser of the project in one table: what it reads, and the failures that it may raise.

The tests feed them what hypothesis makes of their seeds; ``python -m tests.fuzzing`` feeds them what atheris
finds by coverage.
"""
