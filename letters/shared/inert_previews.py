"""Pages that show organizers what readers will get, without working scripts, forms, or links that lead nowhere."""

import re

from csp.constants import NONE, SELF

# Security: a preview must not submit forms or run scripts.
INERT: dict[str, list[str]] = {"script-src": [NONE], "connect-src": [NONE], "form-action": [NONE]}
# Security: only our own pages may frame a preview. Links in the text open in a new tab.
SANDBOX = ["allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"]
FRAMED: dict[str, list[str]] = {**INERT, "frame-ancestors": [SELF], "sandbox": SANDBOX}
CONTROL = re.compile(r"<(input|button|select|textarea)\b")
LINK = re.compile(r"<a\b[^>]*>")
# Links that work in a framed preview: those in the text itself. Only they have this value.
WORKING_LINK_IN_FRAME = re.compile(r"\bhref=\"(?!#)[^>]*\bnofollow\b")


def inert(html: str, working_link: re.Pattern[str] = WORKING_LINK_IN_FRAME) -> str:
    """Disable the controls of a page, and links to pages that do not exist before it is public."""

    def without_target(link: re.Match[str]) -> str:
        return link[0] if working_link.search(link[0]) else re.sub(r' href="[^"]*"', "", link[0], count=1)

    return CONTROL.sub(r"<\1 disabled", LINK.sub(without_target, html))
