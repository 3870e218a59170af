"""What kind of browser somebody uses: enough to know one's own again in a list, and no more."""

# In the order in which to look: each of these also names those below it.
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
    """For example "Firefox, Linux"; empty for one that does not say what it is. Given such a name, the same name."""
    names = [next((name for mark, name in known.items() if mark in user_agent), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, names))
