"""Headers of what programs on any website may read, and of what never changes."""

# Security: only for answers without a cookie, which are the same for everyone.
ANYONE = {"Access-Control-Allow-Origin": "*"}
# A value of Cache-Control.
FOREVER = "public, max-age=31536000, immutable"
