"""Name the kind of a browser: just enough for people to recognise their own in a list."""

# The order matters: the user agent of each browser also names those below it.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Opera": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "macOS": "macOS",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """Return a name such as "Firefox, Linux", or "" for an unknown browser. Given such a name, returns it again."""
    names = [next((name for mark, name in known.items() if mark in user_agent), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, names))
