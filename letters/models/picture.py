from django.db import models
from django.db.models import Q
from django.urls import reverse

from letters.models.letter import Letter
from letters.models.revision import Revision


class Picture(models.Model):
    """A picture of a letter, made anew from what was uploaded: WebP, without a trace of camera, place or person.

    It stands in the database, since a letter needs a handful: every web server has it, and one backup holds all.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="pictures")
    # Of `full`, the first 32 hexadecimal digits of its SHA-256: an address under which nothing else will ever stand.
    digest = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # What it shows, for who cannot see it.
    alt = models.CharField(max_length=300)
    # At most 2000 pixels wide; and 800, where that is less.
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
        """The cover of a text, as it was described there; without its bytes, and asked for only where there is one."""
        if revision is None or revision.cover_id is None:
            return None
        picture = cls.objects.defer("full", "small").get(pk=revision.cover_id)
        picture.alt = revision.cover_alt
        return picture

    def get_absolute_url(self) -> str:
        """Its size stands in its address, so that a page keeps room for it without asking."""
        return reverse("picture", kwargs={"digest": self.digest, "size": f"{self.width}x{self.height}"})

    def markdown(self) -> str:
        """What is written in the text to show it there."""
        alt = self.alt.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        return f"![{alt}]({self.get_absolute_url()})"
