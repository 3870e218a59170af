"""The parts of web addresses that no letter and no collective can have, because a page of the site has them."""

# For example, /moderate/search/ is a page, and /moderate/<slug>/ that of a letter. A test compares this with all URLs.
RESERVED = frozenset({"about", "decide", "lost", "new", "next", "organisations", "rules", "search"})
