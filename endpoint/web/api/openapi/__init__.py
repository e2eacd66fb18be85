"""The API of saved queries described for programs (OpenAPI 3.1), and Swagger UI on it."""
