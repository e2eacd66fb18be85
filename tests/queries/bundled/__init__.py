"""The saved queries of the project: files, rows, formats, examples."""
