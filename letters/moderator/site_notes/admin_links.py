"""The link from a row of the admin to the private notes. The page itself checks who may read them."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from letters.models import Collective, Suspension, User
from letters.moderator.site_notes.queries import handle_of


@admin.display(description="Private notes")
def private_notes(row: User | Collective | Suspension) -> str:
    about = (row.account or row.collective) if isinstance(row, Suspension) else row
    if about is None:
        return ""
    return format_html('<a href="{}">Notes</a>', reverse("site_notes_about", args=[handle_of(about)]))
