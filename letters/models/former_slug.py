from django.db import models

from letters.models.letter import Letter


class FormerSlug(models.Model):
    """An address that a letter had. It leads to the new one for ever, and no other letter can have it.

    Against letters themselves a trigger sees to that (migration 0002): no constraint looks into two tables.
    """

    slug = models.SlugField(max_length=80, unique=True)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="former_slugs")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug
