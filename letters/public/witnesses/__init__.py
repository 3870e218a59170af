"""Have other people's programs say what the log of the site was, and when: witnesses, and a time stamp authority."""
