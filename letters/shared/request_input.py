"""What a request brings, before anything computes on it."""

from django.http import QueryDict

from letters.shared.text import stream_safe


def safe_fields(fields: QueryDict) -> QueryDict:
    """The same fields, each value stream-safe (letters/shared/text.py). The same object if they all are already."""
    safe = {name: [stream_safe(value) for value in values] for name, values in fields.lists()}
    if all(safe[name] == values for name, values in fields.lists()):
        return fields
    changed = QueryDict(mutable=True)
    for name, values in safe.items():
        changed.setlist(name, values)
    changed._mutable = False  # as Django itself gives it to a view
    return changed
