from django.db import models
from django.db.models import Q
from django.urls import reverse

from letters.models.letter import Letter
from letters.models.revision import Revision


class Picture(models.Model):
    """A picture of a letter, re-encoded as WebP. Privacy: it contains no trace of camera, place or person.

    It is stored in the database because a letter has only a few: every web server can read it, and one backup contains
    everything.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="pictures")
    # A keyed hash of `full` (`Remade.digest_for`), used in the URL: it always means this picture, and nobody can guess
    # it.
    digest = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # The description, for people who cannot see it.
    alt = models.CharField(max_length=300)
    # The picture at most 2000 pixels wide, and at most 800 if it is wider than that.
    full = models.BinaryField()
    small = models.BinaryField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("digest", "letter", name="picture_once_a_letter"),
            models.CheckConstraint(condition=~Q(alt=""), name="picture_says_what_it_shows"),
        ]

    def __str__(self) -> str:
        return self.alt

    @classmethod
    def above(cls, revision: Revision | None) -> "Picture | None":
        """Return the cover of a text with its description there.

        The bytes stay unloaded unless they are loaded already.
        """
        if revision is None or revision.cover_id is None:
            return None
        loaded = Revision.cover.is_cached(revision) and revision.cover
        picture = loaded or cls.objects.defer("full", "small").get(pk=revision.cover_id)
        picture.alt = revision.cover_alt
        return picture

    def get_absolute_url(self) -> str:
        """Return its URL, which contains the size, so that a page can reserve space for it."""
        return reverse("picture", kwargs={"digest": self.digest, "size": f"{self.width}x{self.height}"})

    def markdown(self) -> str:
        """Return the Markdown that shows it in a text."""
        alt = self.alt.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        return f"![{alt}]({self.get_absolute_url()})"
