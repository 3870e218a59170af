"""Invented signatures, honest and fake, to measure how well the signals tell them apart. No live site runs this.

It needs Faker, which requirements-local.txt has.
"""
