"""A collective writes to those who agreed, publishes what it wrote, and the answer of the addressee."""
