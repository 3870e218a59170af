"""Make request input safe before any code computes with it."""

from django.http import QueryDict

from letters.shared.text import stream_safe


def safe_fields(fields: QueryDict) -> QueryDict:
    """Return the fields with every value stream-safe (letters/shared/text.py).

    Returns the same object if all are already.
    """
    safe = {name: [stream_safe(value) for value in values] for name, values in fields.lists()}
    if all(safe[name] == values for name, values in fields.lists()):
        return fields
    changed = QueryDict(mutable=True)
    for name, values in safe.items():
        changed.setlist(name, values)
    changed._mutable = False  # The same class that Django gives to views.
    return changed
