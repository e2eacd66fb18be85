"""HTTP for every page and document: requests, answers, the sender, failures, languages, templates."""
