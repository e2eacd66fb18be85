"""The data directory: its generations, their single writer, and their export."""
