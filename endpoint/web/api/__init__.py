"""The API of saved queries: calls and their answers, pages, values, and the pages for people."""
