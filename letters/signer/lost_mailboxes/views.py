"""The page on which site moderators act for a person who has lost a mailbox."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import of_site
from letters.models import User
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused
from letters.signer.lost_mailboxes.forms import LostMailboxForm
from letters.signer.lost_mailboxes.operations import MAX_ADDRESSES_A_DAY, Act, act_for_lost_mailbox

# Privacy: the same whatever the address has signed.
DONE = {
    Act.WITHDRAW: _("Done. Whatever this address had signed is now withdrawn."),
    Act.ERASE: _("Done. Whatever this address had signed is now withdrawn, and we have deleted the address elsewhere."),
    Act.STOP: _("Done. This address gets no more emails about letters."),
    Act.RESUME: _("Done. This address can get emails about letters again."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def lost_mailbox(request: HttpRequest, moderator: User) -> HttpResponse:
    """Withdraw, erase or stop email for an address. Privacy: the address is in no URL, and the answer tells nothing."""
    form = LostMailboxForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        typed = form.cleaned_data
        act = Act(typed["act"])
        try:
            act_for_lost_mailbox(typed["email"], act, proof=typed["proof"], by=moderator, now=timezone.now())
            messages.success(request, DONE[act])
            return redirect("lost_mailbox")
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "most": MAX_ADDRESSES_A_DAY}
    return render(request, "letters/lost_mailboxes/address.html", context, status=422 if form.errors else 200)
