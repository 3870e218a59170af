"""Invented signatures, honest and fake, to see how well the signals tell them apart. Nothing here runs on a live site.

It needs Faker, which requirements-local.txt has.
"""
