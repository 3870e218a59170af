#!/usr/bin/env python3
"""Django's command line."""

from petition.__main__ import main

if __name__ == "__main__":
    main()
