from django.db import models

from letters.models.letter import Letter


class FormerSlug(models.Model):
    """A slug that a letter had. It redirects to the letter forever, and no other letter can have it.

    A trigger checks it against the letters themselves, because no constraint spans two tables.
    """

    slug = models.SlugField(max_length=80, unique=True)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="former_slugs")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug
