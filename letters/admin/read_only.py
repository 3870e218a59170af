from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest

# A list of a large table shows, filters, sorts and counts only so many rows.
MAX_LISTED = 10_000


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    show_full_result_count = False  # Counting ten million rows takes seconds.
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow only the fields in list_filter.

        Privacy: ?name__startswith= and ?password__startswith= would reveal hidden values.
        """
        return lookup.partition("__")[0] in self.list_filter

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NewestRows(ChangeList):
    """Performance: a filter that hardly any row fulfils, and every count, would read millions of rows."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.title = f"The newest {MAX_LISTED:,}"

    def get_queryset(self, *args: Any, **options: Any) -> QuerySet[Any]:
        newest = self.model._default_manager.order_by("-pk").values_list("pk", flat=True)
        # An index alone answers this. The oldest row that is listed:
        oldest = newest[MAX_LISTED - 1 : MAX_LISTED].first()
        if oldest is not None:
            self.root_queryset = self.root_queryset.filter(pk__gte=oldest)
        return super().get_queryset(*args, **options)


class ReadOnlyNewest(ReadOnly):
    """A table that can have millions of rows."""

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return NewestRows
