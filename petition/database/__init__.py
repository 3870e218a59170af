"""Django's PostgreSQL backend, with a circuit breaker for the web server."""
