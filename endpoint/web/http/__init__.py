"""HTTP for every page and document: requests read, answers sent, failures shown, languages, templates."""
