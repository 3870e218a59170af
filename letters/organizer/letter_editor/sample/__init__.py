"""The letter that `make run` shows a newcomer. Everything in it is invented: collective, company and signatories."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import Collective, Letter, Signature, Transition, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter, translate_letter

HERE = Path(__file__).parent

# Invented names, each shown with the word "sample": name, affiliation, display.
SIGNATORIES = [
    ("Ilse Marwick", "animator", "public"),
    ("Tommaso Verdelli", "montatore", "public"),
    ("Oyelaran Adeyinka", "composer", "public"),
    ("Brigid Halloway", "photographer", "public"),
    ("", "", "nobody"),
    ("Søren Lindqvaard", "director of photography", "public"),
    ("Meera Chandrasekhar-Pohl", "illustrator", "public"),
    ("Noor al-Tahan", "film editor", "public"),
    ("Yūki Asakawa", "concept artist", "public"),
    ("", "", "nobody"),
    ("Lucía Berrocal Ansúrez", "sound designer", "public"),
    ("Gwil Pritchard-Onwu", "stop-motion animator", "public"),
    ("Hedwig Sommerfeldt", "costume designer", "public"),
    ("A tester who is still in the programme", "", "organizers"),
    ("Caio Montenegro Dutra", "colourist", "public"),
    ("Zofia Krasnowolska", "painter", "public"),
    ("Jean-Aubin Tessereau", "screenwriter", "public"),
    ("Rangi Te Awhitu", "visual effects", "public"),
]

EN = Text(
    language="en",
    title="You tested your model on us for nothing",
    addressee="To the makers of the video model Panorama",
    summary="Three hundred artists tested an unreleased video model, unpaid and unable to show or criticise what it "
    "makes. We ask its makers to pay for work, to end prior approval, and to answer in public.",
    body=(HERE / "en.md").read_text(encoding="utf-8"),
)
IT = Text(
    language="it",
    title="Avete collaudato il vostro modello su di noi, per niente",
    addressee="A chi ha fatto il modello video Panorama",
    summary="Trecento artisti hanno collaudato un modello video non ancora uscito, senza paga e senza poterne mostrare "
    "o criticare i risultati. Chiediamo a chi lo fa di pagare il lavoro e di rispondere in pubblico.",
    body=(HERE / "it.md").read_text(encoding="utf-8"),
)


@transaction.atomic
def load_sample(*, by: User, now: datetime) -> Letter | None:
    """Publish the sample letter with its first signatories. Returns None if the site has, or ever had, any content."""
    if Letter.objects.exists() or Collective.objects.exists():
        return None
    collective = create_collective(
        name="The Unpaid Cast",
        slug="the-unpaid-cast",
        description="Some twenty artists who tested a video model before its release.",
        by=by,
        now=now,
        # Only the person who runs the site can load the sample, so it counts as cleared.
        cleared_at=now,
    )
    letter = draft_letter(collective, slug="unpaid-cast", text=EN, by=by, now=now, is_sample=True, goal=500)
    translate_letter(letter, text=IT, by=by, now=now)
    publish_letter(letter, by=by, now=now)
    Signature.objects.bulk_create(_signature(letter, *row, now=now) for row in SIGNATORIES)
    record("load_sample", letter, by=by, now=now)
    return letter


def _signature(letter: Letter, name: str, affiliation: str, display: str, *, now: datetime) -> Signature:
    """Build a confirmed signature, marked as a sample. The sequencer numbers it like any other."""
    return Signature(
        letter=letter,
        revision=letter.current_revision,
        language=letter.language,
        name=name,
        affiliation=affiliation,
        display=display,
        state=Transition.LOAD_SAMPLE.target,
        verified=Signature.Verified.SAMPLE,
        salt=bytes(8),
        signed_at=now,
        confirmed_at=now,
    )
