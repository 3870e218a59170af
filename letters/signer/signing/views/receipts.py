"""The receipt behind the control link."""

from django.http import HttpRequest, HttpResponse

from letters.base.emailed_links.guards import of_a_signature
from letters.models import Signature
from letters.shared.tokens import Token
from letters.signer.signing import queries
from letters.signer.signing.views.layout import signature_page


@of_a_signature("manage", "GET", "HEAD")
def receipt(request: HttpRequest, signature: Signature, token: Token) -> HttpResponse:
    """Download the receipt, or read why there is none."""
    made = queries.receipt_of(signature)
    if isinstance(made, queries.NoReceipt):
        return signature_page(request, "letters/signing/no_receipt.html", signature, status=404, reason=made.value)
    response = HttpResponse(str(made), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="receipt.tlog-proof"'
    return response
