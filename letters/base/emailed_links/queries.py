from letters.models import Signature
from letters.shared.tokens import SignatureToken, Token


def signature_of_token(purpose: str, text: str) -> tuple[Signature, Token] | None:
    """Return the signature of an emailed link; None if the link was cut or changed, or the signature is gone."""
    return Signature.objects.of_token(purpose, text)


def signature_of(token: SignatureToken) -> Signature | None:
    """Return the signature, or None if it is gone."""
    return Signature.objects.of(token)
