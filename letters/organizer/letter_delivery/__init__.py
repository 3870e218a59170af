"""The letter with its signatories as a PDF, and the record of its delivery to the addressee."""
