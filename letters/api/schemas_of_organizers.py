"""What programs with a personal token get. OpenAPI describes it with the words written here."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from letters.api.schemas import Collective, Correction, Day, FormOfLetter, Html, Language, PaperCount, Url
from letters.models import Indexing, Letter, Update

Status = Annotated[Letter.Status, Field(description="Where the letter is in its life.")]


class OwnLetterInList(Schema):
    """A letter of the collective, public or not."""

    slug: Annotated[str, Field(description="The part of web addresses that names the letter.")]
    status: Status
    language: Language
    title: Annotated[str, Field(description="Of the newest text, published or not.")]
    published_on: Day | None
    published: Annotated[int, Field(description="The count: published signatures.")]


class OwnLetters(Schema):
    """Letters that the token opens, in the order of their slugs, at most 100."""

    collective: Collective
    letters: list[OwnLetterInList]
    more: Annotated[Url | None, Field(description="The next page. Null at the end of the list.")]


class OwnText(Schema):
    """The newest text of a letter in one language, as organizers write it."""

    language: Language
    title: str
    addressee: str
    summary: str
    body: Annotated[str, Field(description="Markdown, as typed.")]


class OwnLetter(Schema):
    """A letter with its newest text, published or not, and its settings."""

    slug: str
    status: Status
    language: Language
    timezone: Annotated[str, Field(description="Days of the letter are days there (IANA).")]
    revision: Annotated[int, Field(description="The number of this text.")]
    is_public: Annotated[bool, Field(description="Whether readers have this text already.")]
    texts: list[OwnText]
    published_on: Day | None
    publish_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    goal: int | None
    names_from: Annotated[int | None, Field(description="The number of names from which names appear.")]
    reviewed: Annotated[bool, Field(description="Whether a moderator reviews every signature first.")]
    indexing: Annotated[Indexing, Field(description="What search engines may show.")]
    form: FormOfLetter


class OwnSignature(Schema):
    """One signature as the organizers' list shows it: never an address, and never a time."""

    number: Annotated[int | None, Field(description="The sequence number, once there is one.")]
    name: Annotated[str, Field(description="Empty if no name is stored.")]
    only_organizers_see_the_name: bool
    affiliation: str
    role: str
    confirmed_domain: Annotated[str, Field(description="Empty if nobody sees the name.")]
    country: Annotated[str, Field(description="ISO 3166-1 alpha-2. Empty if nobody sees the name.")]
    language: Annotated[str, Field(description="BCP 47. Empty if nobody sees the name.")]
    comment: str
    comment_is_hidden: Annotated[bool, Field(description="Whether a moderator keeps the comment off public pages.")]
    signed_on: Annotated[
        Day | None, Field(description="The day of publication, otherwise of signing. Null if nobody sees the name.")
    ]


class OwnSignatures(Schema):
    """A page of one of the organizers' lists, newest first, at most 50."""

    shown: Literal["published", "held", "withdrawn", "rejected"]
    signatures: list[OwnSignature]
    older: Annotated[Url | None, Field(description="The next page. Null at the end of the list.")]


class Shared(Schema):
    """How many signers have one value."""

    value: str
    signatures: int


class Shares(Schema):
    """How many signers have each value, the most frequent first."""

    known: list[Shared]
    others: Annotated[int, Field(description="Signatures with rarer values.")]
    unknown: int


class OwnCounts(Schema):
    """The numbers of the letter's overview. For a letter that names nobody yet, only what its readers see."""

    published: Annotated[int, Field(description="The count: published signatures of people.")]
    organisations: Annotated[int, Field(description="Listed organisations. They never count as people.")]
    awaiting_confirmation: Annotated[int, Field(description="Rounded down to tens.")]
    awaiting_review: int
    awaiting_review_is_rounded: bool
    withdrawn: int
    removed: int
    on_paper: Annotated[
        list[PaperCount], Field(description="Signatures on paper, by the organizers' word. Never part of “published”.")
    ]
    goal: int | None
    names_from: int | None
    signed_more_than: int | None
    new_today: Annotated[int | None, Field(description="On this day in the letter's time zone.")]
    new_yesterday: int | None
    languages: Shares | None
    countries: Shares | None
    websites: Annotated[Shares | None, Field(description="Websites whose links brought at least three signers.")]
    as_of: Day | None


class OwnUpdateInList(Schema):
    """An update, without its text."""

    id: int
    state: Update.State
    language: Language
    title: str
    is_public: Annotated[bool, Field(description="Whether it is in the letter's public archive, once sent.")]
    began_on: Annotated[Day | None, Field(description="The day on which sending began.")]


class OwnUpdates(Schema):
    """The newest updates of a letter, at most 100."""

    updates: list[OwnUpdateInList]


class OwnTextOfUpdate(Schema):
    """The text of an update in one language."""

    language: Language
    title: str
    body: Annotated[str, Field(description="Markdown, as typed.")]
    html: Html


class OwnUpdate(Schema):
    """An update with its texts."""

    id: int
    state: Update.State
    is_public: bool
    began_on: Day | None
    texts: Annotated[list[OwnTextOfUpdate], Field(description="The original first.")]
    corrections: list[Correction]
