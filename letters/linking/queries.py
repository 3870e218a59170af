from letters.models import Signature
from letters.shared.tokens import Token, read_token


def signature_of_token(purpose: str, text: str) -> tuple[Signature, Token] | None:
    """The signature that a mailed link is for; None if the link was cut or changed, or the signature is gone."""
    token = read_token(purpose, text)
    found = signature_of(token) if token else None
    return (found, token) if found and token else None


def signature_of(token: Token) -> Signature | None:
    """None if it is gone."""
    found = Signature.objects.select_related("letter__collective", "contact").filter(pk=token.signature_id).first()
    return found if found and token.matches(found.salt) else None
