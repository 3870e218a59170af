"""What readers report: a letter, or one signature."""
