"""What the endpoint says of itself and its data to machines: service description, VoID, DCAT, completion."""
