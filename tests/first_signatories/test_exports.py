"""The exports of five common programs go from upload to invitation without a corrected column."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from letters.models import Letter, Signature, SignerContact
from letters.shared.addresses import decrypt
from tests.first_signatories.conftest import Inviter
from tests.people import words

PAGE = "/organize/letters/night-trains/first-signers/"
LIST = f"{PAGE}list/"

GOOGLE_CONTACTS = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Name Prefix,Name Suffix,Nickname,Organization Name,"
    "Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,"
    "E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value\r\n"
    'Zoë,,Müller,,Dr.,,,University of Graz,Professor,,,"met, 2023",,* myContacts,* Work,zoe.mueller@example.org,'
    "Home,zoe@example.net,Mobile,+43 660 1234567\r\n"
    "Luca,,Bianchi,,,,,,,,1970-03-02,,,* myContacts ::: * starred,*,luca@example.com,,,,\r\n"
)
OUTLOOK = (
    '"Title","First Name","Middle Name","Last Name","Suffix","Company","Department","Job Title","Business Street",'
    '"Business City","Business Phone","E-mail Address","E-mail Type","E-mail Display Name","Notes"\r\n'
    '"Dr.","Zoë","","Müller","","University of Graz","","Professor","Universitätsplatz 3","Graz","+43 1",'
    '"zoe.mueller@example.org","SMTP","Zoë Müller (zoe.mueller@example.org)",""\r\n'
    '"","Luca","","Bianchi","","","","","","","","luca@example.com","SMTP","Luca Bianchi",""\r\n'
)
APPLE = (
    "\ufeffFirst name;Last name;Middle name;Nickname;Prefix;Suffix;Organization;Job title;Department;Birthday;"
    "Email (work);Email (home);Phone (mobile);Note\n"
    "Zoë;Müller;;;Dr.;;University of Graz;Professor;;;zoe.mueller@example.org;;+43 660 1234567;\n"
    "Luca;Bianchi;;;;;;;;1970-03-02;luca@example.com;;;\n"
)
MAILCHIMP = (
    "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
    "CONFIRM_IP,LATITUDE,LONGITUDE,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    'zoe.mueller@example.org,Zoë,Müller,,,,2,"2023-05-01 10:00:00",,"2023-05-01 10:01:00",192.0.2.7,47.07,15.43,'
    'Europe/Vienna,at,06,"2024-01-01 00:00:00",123456,a1b2c3,,"""supporters"",""press"""\n'
    'luca@example.com,Luca,Bianchi,,,,2,"2023-05-01 10:00:00",,"2023-05-01 10:01:00",192.0.2.8,,,,it,,'
    '"2024-01-01 00:00:00",123457,a1b2c4,,\n'
)
ITALIAN_FORM = (
    "Informazioni cronologiche,Indirizzo email,Nome e cognome,Ente di appartenenza,"
    "Vuoi firmare tra i primi la lettera aperta sui treni notturni?,Note\n"
    "12/03/2025 10.15.22,zoe.mueller@example.org,Zoë Müller,University of Graz,Sì,\n"
    "12/03/2025 11.02.09,luca@example.com,Luca Bianchi,,Sì,Grazie!\n"
)
FILES = {
    "Google Contacts": GOOGLE_CONTACTS.encode(),
    "Outlook": OUTLOOK.encode("cp1252"),
    "Apple": APPLE.encode(),
    "Mailchimp": MAILCHIMP.encode(),
    "Google Forms in Italian": ITALIAN_FORM.encode(),
}


def as_shown(form: Any) -> dict[str, Any]:
    """Return what the browser sends if nobody changes a field of the check."""
    values = {bound.html_name: bound.value() for bound in form}
    return {name: "on" if value is True else value for name, value in values.items() if value}


@pytest.mark.parametrize("program", FILES)
def test_an_export_goes_through_without_a_correction(
    before: Letter, browser: Client, invite: Inviter, program: str
) -> None:
    page = browser.post(PAGE, {"pasted": "", "file": SimpleUploadedFile("x.csv", FILES[program])}, follow=True)
    assert "2 people on the list" in words(page)
    fields = {**as_shown(page.context["form"]), "action": "invite"}
    page = browser.post(LIST, fields, follow=True)
    assert "We have received your list of 2 addresses." in words(page)
    people = {decrypt(each.address): each.signature for each in SignerContact.objects.select_related("signature")}
    assert set(people) == {"zoe.mueller@example.org", "luca@example.com"}
    assert people["zoe.mueller@example.org"].name.removeprefix("Dr. ") == "Zoë Müller"
    assert people["luca@example.com"].name == "Luca Bianchi"
    if program != "Mailchimp":
        assert people["zoe.mueller@example.org"].affiliation == "University of Graz"
    assert Signature.objects.filter(state="invited").count() == 2
