"""Saved queries as clients call them: those of the project, and files written for other servers."""
