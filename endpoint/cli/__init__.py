"""The commands, one module each: ``command`` in :mod:`endpoint.cli.load` is ``endpoint load``.

:mod:`endpoint.cli.main` imports a module when its command is called, so that none pays for the libraries
of the others.
"""
