"""The operator's pages: what runs, who asks for it, and how to end it."""
