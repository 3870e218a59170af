"""How languages write numbers, where Django differs from CLDR (Babel)."""
