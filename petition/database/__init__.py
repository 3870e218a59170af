"""Django's PostgreSQL, which the web server leaves alone for a moment after it did not answer."""
