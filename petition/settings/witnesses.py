"""Programs of other people that say what the log of this site was, and when."""

from petition import environment

# The witnesses: the verifier key and the address of each.
WITNESSES = environment.witnesses("WITNESSES")
# Whether they and the time stamp authority may be on a private network, and speak HTTP.
WITNESSES_MAY_BE_PRIVATE = environment.flag("WITNESSES_MAY_BE_PRIVATE")
# Who stamps the checkpoint of each day (RFC 3161), and the certificates that its answers must lead to, in PEM.
TIMESTAMP_AUTHORITY = environment.web_address("TIMESTAMP_AUTHORITY")
TIMESTAMP_CERTIFICATES = environment.certificates("TIMESTAMP_CERTIFICATES")
if TIMESTAMP_AUTHORITY and not TIMESTAMP_CERTIFICATES:
    environment.refuse("TIMESTAMP_AUTHORITY needs TIMESTAMP_CERTIFICATES, a file with the authority's certificates.")
