"""The commands, one module each: ``command`` in :mod:`endpoint.commands.load` is ``endpoint load``.

:mod:`endpoint.cli` imports a module when its command is called, so that none pays for the others' libraries.
"""
