"""What the API sends and accepts. OpenAPI describes it with the words written here."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema

from letters.models import Ask, Display
from letters.models import Revision as StoredRevision

Kind = StoredRevision.Kind
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

Day = Annotated[date, Field(description="A day in the letter's time zone.")]
Language = Annotated[str, Field(description="A language as a BCP 47 code, such as “en” or “pt-BR”.")]
Sha256 = Annotated[str, Field(description="SHA-256 of the text, in hexadecimal, as the letter's history shows it.")]
Html = Annotated[str, Field(description="Sanitised HTML. All addresses in it are whole.")]
Url = Annotated[str, Field(description="A whole URL.")]
AtLeast = Annotated[int, Field(description="Rounded down to tens, and counted no further than ten thousand.")]
Version = Annotated[int, Field(description="Grows with each change of the letter's public pages.")]


class Collective(Schema):
    """The group that publishes a letter. The name may be a pseudonym."""

    name: str


class LetterInList(Schema):
    """A letter that can be signed now."""

    slug: Annotated[str, Field(description="The part of web addresses that names the letter.")]
    url: Url
    language: Language
    title: str
    addressee: str
    description: Annotated[str, Field(description="The summary, or the first lines of the text.")]
    collective: Collective
    is_sample: Annotated[bool, Field(description="Whether everything in the letter is invented.")]
    published_on: Day | None
    closes_at: datetime | None
    published: Annotated[int, Field(description="The count: published signatures.")]
    version: Version


class Letters(Schema):
    """The letters that can be signed now, newest first, at most 50."""

    letters: list[LetterInList]
    paused: Annotated[bool, Field(description="Whether the site takes no signatures at the moment.")]


class LanguageOfLetter(Schema):
    """A language of the letter, and the page in it."""

    language: Language
    url: Url


class RevisionInList(Schema):
    """One published text of a letter."""

    number: int
    kind: Annotated[
        Kind,
        Field(description="The first text, a correction that says the same, or a change of what the letter says."),
    ]
    published_on: Day | None
    note: Annotated[str, Field(description="What changed, in the words of the organizers.")]
    signatures: Annotated[
        int | None, Field(description="Published signatures with this text. Null until they are counted.")
    ]
    sha256: Sha256 | None
    url: Url


class FormOfLetter(Schema):
    """What the letter asks of signers. A field is “off”, “optional” or “required”."""

    affiliation: Ask
    role: Ask
    country: Ask
    comment: Ask
    displays: Annotated[list[Display], Field(description="Who may see the name: what signers can choose.")]
    domains: Annotated[list[str], Field(description="Only addresses at these domains can sign. Empty for any.")]
    comments_public: Annotated[bool, Field(description="Whether comments for everyone appear beside public names.")]
    breakdown_public: Annotated[
        bool,
        Field(description="Whether the letter shows numbers by country and domain. Your form must say so."),
    ]
    origins: Annotated[
        list[str], Field(description="Other websites on which people can sign. None while the letter names nobody.")
    ]


class Letter(Schema):
    """A letter with its current text and the list of all its texts."""

    slug: str
    url: Url
    language: Language
    languages: list[LanguageOfLetter]
    collective: Collective
    is_sample: bool
    title: str
    addressee: str
    summary: str
    html: Html
    sha256: Sha256
    published_on: Day | None
    opens_at: datetime | None
    closes_at: datetime | None
    refusal: Annotated[
        str | None,
        Field(
            description="Why it takes no signatures now, such as “letter_closed”, “letter_withdrawn”, "
            "“letter_not_open_yet” or “paused”. Null if it takes them."
        ),
    ]
    published: int
    organisations: Annotated[int, Field(description="Listed organisations. They never count as people.")]
    goal: int | None
    version: Version
    form: FormOfLetter
    revisions: Annotated[list[RevisionInList], Field(description="All published texts, newest first.")]


class Revision(Schema):
    """One published text of a letter, in one language. It never changes."""

    number: int
    kind: Kind
    published_on: Day | None
    note: str
    language: Language
    title: str
    addressee: str
    summary: str
    html: Html
    sha256: Sha256
    url: Url


class RemovedFor(Schema):
    """How many signatures were removed for one reason, rounded down to tens."""

    reason: str
    label: str
    at_least: int


class Moderation(Schema):
    """What the letter publishes about the work of its moderators."""

    removed_for: list[RemovedFor]
    reasons_counted_among: int
    longest_wait_days: int | None
    half_of_decisions_within_hours: int | None
    decisions_checked: int
    decisions_wrong: int


class PaperCount(Schema):
    """Signatures on paper, by the organizers' word. The site has not seen them, and no other number includes them."""

    number: int
    counted_by: str
    counted_on: Day


class TextCount(Schema):
    """The published signatures that one text of the letter has."""

    number: Annotated[int, Field(description="The number of the text.")]
    published: int


class Count(Schema):
    """The counts of one moment. Every page, file and answer of the site shows the same."""

    published: Annotated[int, Field(description="The count: published signatures.")]
    awaiting_confirmation: AtLeast
    awaiting_confirmation_is_rounded: bool
    awaiting_review: AtLeast
    awaiting_review_is_rounded: bool
    withdrawn: int
    removed: int
    moderation: Moderation
    goal: int | None
    names_from: Annotated[
        int | None, Field(description="Nobody is named until this many people have signed with their names.")
    ]
    signed_more_than: Annotated[
        int | None, Field(description="Only for a letter that names nobody yet: more people than this have signed.")
    ]
    organisations: Annotated[int, Field(description="Listed organisations. They never count as people.")]
    on_paper: Annotated[
        list[PaperCount], Field(description="Signatures on paper, by the organizers' word. Never part of “published”.")
    ]
    texts: Annotated[list[TextCount], Field(description="The same signatures by text. Empty while nobody is named.")]
    record: Annotated[
        Url | None, Field(description="The public record (C2SP tlog-tiles) with which anyone can check these numbers.")
    ]
    version: Version
    as_of: Day | None


class DayOfCount(Schema):
    """The sequence numbers that were given on one day. Withdrawals are left out, so nobody learns their day."""

    day: date
    new: int
    so_far: int


class CountHistory(Schema):
    """New signatures of each day, with the counts of the same moment."""

    published: int
    withdrawn: int
    removed: int
    version: Version
    days: list[DayOfCount]


class Signature(Schema):
    """One entry of the public list. If the name is withheld, the words about the signer are empty."""

    number: Annotated[int, Field(description="The sequence number. It is given once, and never given again.")]
    name: str
    affiliation: str
    role: str
    confirmed_domain: Annotated[str, Field(description="Empty unless the signer shows it.")]
    published_on: Annotated[date | Literal[""], Field(description="A day, never a time.")]
    text: Annotated[int, Field(description="The number of the text that it belongs to.")]
    before_translations: Annotated[
        str, Field(description="Languages that were added to the letter after this signature.")
    ]
    signed_text: Annotated[str, Field(description="“current”, “before_correction”, “earlier” or “first”.")]
    carried_over: Annotated[str, Field(description="“yes” if the signer carried it over to a later text.")]
    comment: Annotated[str, Field(description="What the signer wrote for everyone, if the letter publishes comments.")]
    opening: Annotated[
        str,
        Field(description="Opens the commitment to name, affiliation and role in the ledger. Empty without a name."),
    ]


class Signatures(Schema):
    """A page of the public list, newest signature first, at most 500."""

    published: int
    version: Version
    signatures: list[Signature]
    older: Annotated[Url | None, Field(description="The next page. Null at the end of the list.")]


class Organisation(Schema):
    """One organisation that has signed. It does not say who signed for it."""

    name: str
    website: str
    domain: Annotated[str, Field(description="The internet domain of the organisation.")]
    proof: Annotated[
        Literal["address", "vouched"],
        Field(description="“address” for an address at the domain, “vouched” if the organizers vouch."),
    ]
    signed_on: Annotated[date | Literal[""], Field(description="The day of publication, never a time.")]
    text: Annotated[int, Field(description="The number of the text that it signed.")]
    signed_text: Annotated[str, Field(description="“earlier” if that text said something else, otherwise empty.")]


class Organisations(Schema):
    """A page of the organisations that have signed, in the order of their names, at most 100."""

    organisations: Annotated[int, Field(description="Listed organisations. They never count as people.")]
    version: Version
    list: list[Organisation]
    more: Annotated[Url | None, Field(description="The next page. Null at the end of the list.")]


Line = Annotated[str, Field(max_length=4000)]


class ToSign(Schema):
    """What a signer typed, and what their form said. The letter says which fields it asks for."""

    model_config = {"extra": "forbid"}

    name: Annotated[Line, Field(description="Empty only if nobody sees it.")] = ""
    email: Annotated[Line, Field(description="The address that the site emails, so that its owner confirms.")]
    display: Annotated[Display, Field(description="Who sees the name: everyone, only the organizers, or nobody.")]
    text: Annotated[
        int, Field(strict=True, ge=1, lt=2**31, description="The number of the text that the signer has read.")
    ]
    language: Annotated[
        str | None,
        Field(
            pattern=LANGUAGE,
            max_length=12,
            description="The language of that text and of the email; the letter's own by default.",
        ),
    ] = None
    affiliation: Line = ""
    role: Line = ""
    country: Annotated[Line, Field(description="ISO 3166-1 alpha-2.")] = ""
    comment: Line = ""
    comment_for: Annotated[
        Literal["", "everyone"],
        Field(description="“everyone” if your form said so beside the comment. Otherwise the organizers read it."),
    ] = ""
    show_domain: Annotated[bool, Field(description="Whether everyone may see the domain.")] = False
    proof: Annotated[Line, Field(description="The solution of the challenge in a problem of the kind “proof”.")] = ""
    sure: Annotated[
        Line, Field(description="The address once more, if a problem asked about it (“unsure”) and it is right.")
    ] = ""
    sure_name: Annotated[Line, Field(description="The name once more, for the same reason.")] = ""


class Taken(Schema):
    """The site has received the signature. It counts once the owner of the address confirms."""

    check_url: Annotated[Url, Field(description="The page “Check your email”, for this signer alone.")]


class UpdateInList(Schema):
    """A public update, without its text."""

    id: int
    language: Language
    title: str
    published_on: Day | None
    languages: list[Language]
    url: Url


class Updates(Schema):
    """A page of the letter's public updates, newest first, at most 50."""

    updates: list[UpdateInList]
    older: Annotated[Url | None, Field(description="The next page. Null at the end of the list.")]


class Correction(Schema):
    """A public correction of an update. The text of the update stays."""

    language: Language
    text: str
    published_on: Day | None


class Update(Schema):
    """A public update, in one language."""

    id: int
    language: Language
    title: str
    html: Html
    published_on: Day | None
    corrections: list[Correction]
    url: Url


class ErrorOfField(Schema):
    """What is wrong with one parameter, or with one field of the body."""

    field: str
    detail: str
    code: Annotated[str, Field(description="“unsure” for a question about an address or a name; often empty.")]


class ProblemDocument(Schema):
    """Problem details (RFC 9457)."""

    type: Annotated[str, Field(description="A URL that names the kind of problem, and explains it.")]
    title: str
    status: int
    detail: str
    errors: list[ErrorOfField] = []
    code: Annotated[str | None, Field(description="Why the site refused, in one word.")] = None
    challenge: Annotated[dict[str, Any] | None, Field(description="For the kind “proof”.")] = None
    taken_down_on: Day | None = None
