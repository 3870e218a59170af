"""A letter with everything that a letter can have, written into a running site."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

from django.utils import timezone
from PIL import Image

from letters.base.site_pages.operations import save_site_page
from letters.base.site_pages.placeholders import TO_DO
from letters.base.site_pages.queries import PAGES, draft_of
from letters.models import COMMENT_FOR_EVERYONE, Collective, Letter, Signature, SitePage, User
from letters.moderator.moderation.operations import hide_comments, reject_signatures
from letters.organizer.collectives.operations import suspend_collective
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.first_signatories.signatory_import import guess_columns, read_people, read_rows
from letters.organizer.letter_delivery.operations import Delivered, record_letter_delivery
from letters.organizer.letter_editor.operations import (
    Text,
    draft_letter,
    publish_letter,
    start_revision,
    translate_letter,
    write_text,
)
from letters.organizer.pictures.operations import add_picture, choose_cover
from letters.organizer.updates.operations import (
    AnswerText,
    UpdateText,
    publish_answer,
    send_update,
    write_answer,
    write_update,
)
from letters.shared.pictures import remake
from letters.signer.carry_over.operations import ask_to_carry_over
from tests.people import add_confirmed, add_published, publish, sign_and_confirm

SLUG, RIGHT_TO_LEFT = "full", "from-right-to-left"
AFFILIATION = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
GERMAN = Text(
    language="de",
    title="Gegen die Rindfleischetikettierungsüberwachungsaufgabenübertragung",
    addressee="An das Bundesministerium für Ernährung und Verbraucherschutzangelegenheiten",
    summary="Die Aufgabe soll bleiben, wo sie ist.",
    body="## Was wir fordern\n\nDie *Aufgabe* soll bleiben, wo sie ist.\n\n- Heute.\n- Morgen.\n",
)
CHANGED = Text(**{**GERMAN.__dict__, "body": GERMAN.body.replace("Heute", "Noch heute")})
ENGLISH = Text(
    language="en",
    title="Against handing over the supervision of beef labels",
    addressee="To the ministry",
    body="The task is to stay where it is.",
)
ARABIC = Text(
    language="ar",
    title="رسالة مفتوحة إلى وزارة النقل",
    addressee="إلى وزارة النقل",
    body="نطلب أن تبقى القطارات الليلية.",
)
ASKED = {"ask_affiliation": "optional", "ask_comment": "optional", "comments_public": True}
COMMENT = "Meine Mutter arbeitet seit dreißig Jahren am Schlachthof. Sie hat mir gezeigt, wie man ein Etikett liest."
SITE_NOTICE = "This site moves on Sunday. Read more at https://example.org/moving before then."
SITE_PAGE = (
    "The Unpaid Cast\n\n## By post\n\n- Example Street 1\n- 10115 Berlin\n\n[Our website](https://example.org)\n"
)
INVITED = "Ada Lovelace <ada@example.org>\nBerta Blau <berta@example.org>\nCarl Cyan <carl@example.org>\n"
NEWS = UpdateText(title="Die Ministerin hat uns eingeladen", body="Am **Freitag** treffen wir sie.", language="de")
ANSWER = AnswerText(
    respondent="Anna Weber, Ministerin", answered_on=date(2026, 1, 7), language="de", body="Wir haben es gelesen."
)


def fill() -> Letter:
    """Create the letter, owned by the owner of the sample."""
    by, now = User.objects.get(is_superuser=True), timezone.now()
    collective = Collective.objects.get()
    letter = draft_letter(collective, slug=SLUG, text=GERMAN, by=by, now=now, goal=1000, **ASKED)
    translate_letter(letter, text=ENGLISH, by=by, now=now)
    picture = BytesIO()
    Image.new("RGB", (1200, 500), (120, 40, 30)).save(picture, "PNG")
    kept = add_picture(letter, picture=remake(picture.getvalue()), alt="A red wall", by=by, now=now)
    choose_cover(letter, digest=kept.digest, by=by, now=now)
    rows = read_rows(INVITED)
    guess = guess_columns(rows)
    people = read_people(rows, guess.columns, has_heading=guess.has_heading).people
    invite_people(letter, people=people, by=by, now=now)
    letter.refresh_from_db()
    publish_letter(letter, by=by, now=now)
    draft_letter(collective, slug=RIGHT_TO_LEFT, text=ARABIC, by=by, now=now)
    _sign(letter, by)
    _revise(letter, by)
    _tell(letter, by)
    return letter


def write_site_pages() -> None:
    """Write every page of the site: those with a draft as it is, the others with a heading, a list and a link."""
    by, now = User.objects.get(is_superuser=True), timezone.now()
    save_site_page(SitePage.Name.NOTICE, "en", markdown=SITE_NOTICE, based_on=0, by=by, now=now)
    for name in PAGES:
        text = draft_of(name, "en", for_operator=True) or SITE_PAGE
        save_site_page(name, "en", markdown=text.replace(TO_DO, "To be said"), based_on=0, by=by, now=now)


def suspend() -> None:
    """Suspend the collective of the letter."""
    by, now = User.objects.get(is_superuser=True), timezone.now()
    suspend_collective(
        Collective.objects.get(), reason="Several people named say that nobody asked them.", by=by, now=now
    )


def _sign(letter: Letter, by: User) -> None:
    now = timezone.now()
    sign_and_confirm(letter, "dora@example.org", name="Dora Dunkel", consent="Write to me", now=now)
    add_published(letter, 150, now=now - timedelta(minutes=30), affiliation=AFFILIATION)
    publish(now)
    words = Signature.objects.filter(letter=letter, state=Signature.State.PUBLISHED, display="public")
    for number, text in [(140, COMMENT), (142, "Weil es geht."), (145, COMMENT * 5)]:
        words.filter(number=number).update(comment=text, comment_for=COMMENT_FOR_EVERYONE)
    hide_comments(letter, words.filter(number=142).values_list("pk", flat=True), reason="spam", by=by, now=now)
    last = list(letter.signatures.order_by("-pk").values_list("pk", flat=True)[:2])
    reject_signatures(letter, last, reason="spam", by=by, now=now)
    add_confirmed(letter, 3, now=now, state=Signature.State.HELD, concern="disposable", affiliation=AFFILIATION)


def _revise(letter: Letter, by: User) -> None:
    now = timezone.now()
    letter.refresh_from_db()
    start_revision(letter, by=by, now=now)
    letter.refresh_from_db()
    seen = letter.revisions.latest("number").translations.get(language="de").version
    write_text(letter, text=CHANGED, seen=seen, by=by, now=now)
    publish_letter(letter, by=by, now=now, kind="substance", note="Noch heute statt heute.")
    letter.refresh_from_db()
    ask_to_carry_over(letter, by=by, now=now)
    start_revision(letter, by=by, now=now)


def _tell(letter: Letter, by: User) -> None:
    now = timezone.now()
    letter.refresh_from_db()
    sent = write_update(letter, text=NEWS, by=by, now=now)
    send_update(sent, seen=sent.version, by=by, now=now)
    write_update(letter, text=UpdateText(**{**NEWS.__dict__, "title": "Noch ein Entwurf"}), by=by, now=now)
    publish_answer(write_answer(letter, text=replace(ANSWER, answered_on=now.date()), by=by, now=now), by=by, now=now)
    delivered = Delivered(on=now.date(), to="das Büro der Ministerin", signature_count=100, note="Mit Dank.")
    record_letter_delivery(letter, delivered=delivered, by=by, now=now)
