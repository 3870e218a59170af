"""Signals of doubt about a signature: facts go in, a score with named reasons comes out. Nothing here decides."""
