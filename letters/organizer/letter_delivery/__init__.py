"""The record of a letter's delivery to its addressee, and the PDF to deliver."""
