from letters.models import Signature
from letters.shared.compiled_queries import CompiledQuery
from letters.shared.tokens import SignatureToken, Token, read_token

# Performance: every click in an email asks this.
BY_ID = CompiledQuery(
    lambda pk: Signature.objects.select_related("letter__collective", "contact").filter(pk=pk), pk=int
)


def signature_of_token(purpose: str, text: str) -> tuple[Signature, Token] | None:
    """Return the signature of an emailed link; None if the link was cut or changed, or the signature is gone."""
    token = read_token(purpose, text)
    signature = signature_of(token) if token else None
    return (signature, token) if signature and token else None


def signature_of(token: SignatureToken) -> Signature | None:
    """Return the signature, or None if it is gone."""
    signature = BY_ID.first(pk=token.signature_id)
    return signature if signature and token.matches(signature.salt) else None
