"""A witness for logs of C2SP's kind: it cosigns the checkpoints of a log for as long as the log only grows.

Security: this program imports nothing of the site that it watches, so that both have to be wrong in the same way before
a changed history passes.
"""
