"""What reading tables is made of; :mod:`endpoint.ingest.tables` is the way in."""
