from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SitePage(models.Model):
    """One version of a page of the site, in one language. Rows are only added.

    The newest version is public. If its text is empty, nothing links to the page.
    """

    MAX_LENGTH = 50_000
    MAX_NOTICE_LENGTH = 300

    class Name(models.TextChoices):
        PRIVACY = "privacy", _("Privacy")
        IMPRINT = "imprint", _("Imprint")
        RULES = "rules", _("Rules")
        ACCESSIBILITY = "accessibility", _("Accessibility")
        CONTACT = "contact", _("Contact")
        # Not a page, but one line of text above every page.
        NOTICE = "notice", _("Notice on every page")

    name = models.CharField(max_length=20, choices=Name)
    # One of the languages of the interface.
    language = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    # May contain placeholders, such as {confirmation_time}: see letters/base/site_pages/placeholders.py.
    markdown = models.TextField(blank=True, max_length=MAX_LENGTH)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "version of a page of the site"
        verbose_name_plural = "pages of the site"
        constraints = [
            models.UniqueConstraint(fields=["name", "language", "number"], name="site_page_version_once"),
            models.CheckConstraint(
                condition=Q(name__in=["privacy", "imprint", "rules", "accessibility", "contact", "notice"]),
                name="site_page_known",
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="site_page_numbered_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.language}, version {self.number}"
