"""Real lists: each is understood without anyone correcting a column."""

import re
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.organizer.first_signatories.signatory_import import (
    Row,
    UnreadableList,
    guess_columns,
    read_again,
    read_people,
    read_rows,
)
from letters.organizer.first_signatories.signatory_import.headings import MEANINGS, PHRASES, meaning_of
from tests.effort import effort

ADA, BOB = "ada@example.org", "bob@example.org"
GOOGLE = [
    *["Name", "Given Name", "Additional Name", "Family Name", "Yomi Name", "Given Name Yomi", "Additional Name Yomi"],
    *[
        "Family Name Yomi",
        "Name Prefix",
        "Name Suffix",
        "Initials",
        "Nickname",
        "Short Name",
        "Maiden Name",
        "Birthday",
    ],
    *["Gender", "Location", "Billing Information", "Directory Server", "Mileage", "Occupation", "Hobby", "Sensitivity"],
    *["Priority", "Subject", "Notes", "Language", "Photo", "Group Membership", "E-mail 1 - Type", "E-mail 1 - Value"],
    *["E-mail 2 - Type", "E-mail 2 - Value", *(f"Phone {n} - {what}" for n in (1, 2, 3) for what in ("Type", "Value"))],
    *[f"Address 1 - {what}" for what in ("Type", "Formatted", "Street", "City", "PO Box", "Region", "Postal Code")],
    *["Organization 1 - Type", "Organization 1 - Name", "Organization 1 - Yomi Name", "Organization 1 - Title"],
    *["Organization 1 - Department", "Organization 1 - Symbol", "Organization 1 - Location", "Website 1 - Value"],
    *(f"Custom Field {n} - {what}" for n in range(1, 9) for what in ("Type", "Value")),
]
OUTLOOK = [
    *["Title", "First Name", "Middle Name", "Last Name", "Suffix", "Company", "Department", "Job Title"],
    *[
        "Business Street",
        "Business City",
        "Business Country/Region",
        "Home Street",
        "Assistant's Phone",
        "Business Fax",
    ],
    *["Business Phone", "Home Phone", "Mobile Phone", "Account", "Anniversary", "Assistant's Name", "Birthday"],
    *["Children", "Directory Server", "E-mail Address", "E-mail Type", "E-mail Display Name", "E-mail 2 Address"],
    *[
        "E-mail 2 Type",
        "E-mail 2 Display Name",
        "Gender",
        "Government ID Number",
        "Hobby",
        "Initials",
        "Internet Free Busy",
    ],
    *[
        "Keywords",
        "Language",
        "Location",
        "Manager's Name",
        "Mileage",
        "Notes",
        "Office Location",
        "Spouse",
        "Web Page",
    ],
    *(f"User {n}" for n in range(1, 51)),
]


def row(columns: list[str], **cells: str) -> str:
    wanted = {name.replace("_", " "): value for name, value in cells.items()}
    return ",".join(f'"{wanted.get(re.sub("[^A-Za-z0-9]+", " ", name), "")}"' for name in columns)


def people(text: str) -> list[tuple[str, ...]]:
    rows = read_rows(text)
    guess = guess_columns(rows)
    found = read_people(rows, guess.columns, has_heading=guess.has_heading).people
    return [(each.address.deliverable, each.name, each.affiliation, each.role) for each in found]


LISTS: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    # Exports of address books, forms and petition sites
    "Google Contacts": (
        "\n".join(
            [
                ",".join(GOOGLE),
                row(
                    GOOGLE,
                    Name="Ada Lovelace",
                    Given_Name="Ada",
                    Family_Name="Lovelace",
                    E_mail_1_Type="* Work",
                    E_mail_1_Value=f"{ADA} ::: ada@home.example",
                    Organization_1_Name="Engines",
                    Organization_1_Title="Analyst",
                ),
            ]
        ),
        [(ADA, "Ada Lovelace", "Engines", "Analyst")],
    ),
    "Google Contacts, new": (
        "First Name,Middle Name,Last Name,Phonetic First Name,Name Prefix,Name Suffix,Nickname,File As,Organization Name,"
        "Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value\n"
        f"Ada,King,Lovelace,,Dr.,PhD,,,Engines,Analyst,,,,,* myContacts,* Work,{ADA}\n",
        [(ADA, "Dr. Ada King Lovelace PhD", "Engines", "Analyst")],
    ),
    "Outlook": (
        "\n".join(
            [
                ",".join(OUTLOOK),
                row(
                    OUTLOOK,
                    Title="Prof.",
                    First_Name="Ada",
                    Last_Name="Lovelace",
                    Company="Engines",
                    Job_Title="Analyst",
                    E_mail_Address=ADA,
                    E_mail_Type="SMTP",
                    E_mail_Display_Name=f"Ada Lovelace ({ADA})",
                ),
            ]
        ),
        [(ADA, "Prof. Ada Lovelace", "Engines", "Analyst")],
    ),
    "Apple": (
        f"First name,Last name,Company,Job title,Email (work),Email (home),Phone (mobile)\nAda,Lovelace,Engines,Analyst,,{ADA},\n",
        [(ADA, "Ada Lovelace", "Engines", "Analyst")],
    ),
    "Google Forms": (
        "Timestamp,Email Address,What is your full name?,Organisation or institution,May we contact you again?\n"
        f'2025/02/28 9:14:02 AM,{ADA},Ada Lovelace,"Engines, Ltd",Yes\n',
        [(ADA, "Ada Lovelace", "Engines, Ltd", "")],
    ),
    "Microsoft Forms": (
        "ID;Start time;Completion time;Email;Name;Your first name;Your last name;Your e-mail address;Your organisation\n"
        f"1;2/28/25 9:14:02;2/28/25 9:15:02;anonymous;;Ada;Lovelace;{ADA};Engines\n"
        f"2;2/28/25 9:14:02;2/28/25 9:15:02;anonymous;;Bob;Builder;{BOB};\n",
        [(ADA, "Ada Lovelace", "Engines", ""), (BOB, "Bob Builder", "", "")],
    ),
    "Mailchimp": (
        "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
        f'NOTES,TAGS\n{ADA},Ada,Lovelace,"1 High Street  London W1",,,2,2025-02-28 09:14:02,,2025-02-28 09:14:02,,"""signers"""\n',
        [(ADA, "Ada Lovelace", "", "")],
    ),
    "Typeform": (
        "#,What's your first name?,And your last name?,Your email?,Where do you work?,Start Date (UTC),Submit Date (UTC)\n"
        f"x1,Ada,Lovelace,{ADA},Engines,2025-02-28 09:14:02,2025-02-28 09:15:02\n",
        [(ADA, "Ada Lovelace", "", "")],
    ),
    "Action Network": (
        "first_name,last_name,email,email_status,zip_code,can2_phone,Employer,Occupation,can2_subscription_status\n"
        f"Ada,Lovelace,{ADA},subscribed,W1,,Engines,Analyst,subscribed\n",
        [(ADA, "Ada Lovelace", "Engines", "Analyst")],
    ),
    "LimeSurvey": (
        '"id. Response ID","submitdate. Date submitted","startlanguage. Start language","G01Q01. First name",'
        '"G01Q02. Last name","G01Q03. Your email address","G01Q04. Institution"\n'
        f'"1","2025-02-28","en","Ada","Lovelace","{ADA}","Engines"\n',
        [(ADA, "Ada Lovelace", "Engines", "")],
    ),
    "Airtable": (
        f"Name,Email,Organization,Role,Notes,Attachments\nAda Lovelace,{ADA},Engines,Analyst,met her in Turin,\n",
        [(ADA, "Ada Lovelace", "Engines", "Analyst")],
    ),
    "Excel, with the separator in the first line": (
        f"sep=;\r\nName;Email\r\nAda Lovelace;{ADA}\r\n",
        [(ADA, "Ada Lovelace", "", "")],
    ),
    # Split names, in other languages and scripts
    "French": (
        f"Nom;Prénom;Courriel;Établissement\nLovelace;Ada;{ADA};Machines",
        [(ADA, "Ada Lovelace", "Machines", "")],
    ),
    "French, small": (f"prenom,nom,email\nAda,Lovelace,{ADA}", [(ADA, "Ada Lovelace", "", "")]),
    "German": (
        f"Name;Vorname;E-Mail-Adresse;Einrichtung\nLovelace;Ada;{ADA};Werk",
        [(ADA, "Ada Lovelace", "Werk", "")],
    ),
    "German, with titles": (
        f"Titel;Vorname;Nachname;E-Mail\nProf. Dr.;Ada;Lovelace;{ADA}\nFrau;Eva;Braun;{BOB}",
        [(ADA, "Prof. Dr. Ada Lovelace", "", ""), (BOB, "Eva Braun", "", "")],
    ),
    "Portuguese": (f"Nome;Sobrenome;E-mail\nAda;Lovelace;{ADA}", [(ADA, "Ada Lovelace", "", "")]),
    "Italian": (f"Cognome;Nome;Indirizzo e-mail;Ente\nLovelace;Ada;{ADA};CNR", [(ADA, "Ada Lovelace", "CNR", "")]),
    "Italian, one column": (
        f"Nome e cognome;Mail;Ruolo\nAda Lovelace;{ADA};docente",
        [(ADA, "Ada Lovelace", "", "docente")],
    ),
    "Spanish": (f"Apellidos;Nombre;Correo electrónico\nGarcía Lorca;Ada;{ADA}", [(ADA, "Ada García Lorca", "", "")]),
    "Spanish, one column": (f"Nombre;Correo\nAda Lovelace;{ADA}", [(ADA, "Ada Lovelace", "", "")]),
    "Dutch": (
        f"Voornaam;Tussenvoegsel;Achternaam;E-mailadres\nAda;van der;Berg;{ADA}",
        [(ADA, "Ada van der Berg", "", "")],
    ),
    "Polish": (f"Imię;Nazwisko;Adres e-mail;Uczelnia\nAda;Żak;{ADA};UW", [(ADA, "Ada Żak", "UW", "")]),
    "Polish, one column": (f"Imię i nazwisko,E-mail\nAda Żak,{ADA}", [(ADA, "Ada Żak", "", "")]),
    "Swedish": (f"Förnamn;Efternamn;E-post\nAda;Lovelace;{ADA}", [(ADA, "Ada Lovelace", "", "")]),
    "Russian": (
        f"Фамилия;Имя;Отчество;Электронная почта;Должность\nИванова;Ада;Петровна;{ADA};инженер",
        [(ADA, "Ада Петровна Иванова", "", "инженер")],
    ),
    "Ukrainian": (f"Прізвище;Ім’я;Пошта\nШевченко;Ада;{ADA}", [(ADA, "Ада Шевченко", "", "")]),
    "Greek": (f"Επώνυμο;Όνομα;Email\nΝίκου;Άντα;{ADA}", [(ADA, "Άντα Νίκου", "", "")]),
    "Arabic": (
        f"الاسم الأول,اسم العائلة,البريد الإلكتروني,الجامعة\nآدا,لوفليس,{ADA},القاهرة",
        [(ADA, "آدا لوفليس", "القاهرة", "")],
    ),
    "Persian": (f"نام,نام خانوادگی,ایمیل\nآدا,لاولیس,{ADA}", [(ADA, "آدا لاولیس", "", "")]),
    "Hebrew": (f"שם פרטי,שם משפחה,דואר אלקטרוני\nעדה,לאבלייס,{ADA}", [(ADA, "עדה לאבלייס", "", "")]),
    "Chinese": (f"姓,名,邮箱,单位\n王,小明,{ADA},北京大学", [(ADA, "王小明", "北京大学", "")]),
    "Chinese, one column": (f"姓名,电子邮件\n王小明,{ADA}", [(ADA, "王小明", "", "")]),
    "Japanese": (f"姓,名,メールアドレス,所属\n山田,太郎,{ADA},東京大学", [(ADA, "山田太郎", "東京大学", "")]),
    "Korean": (f"성,이름,이메일\n김,민준,{ADA}", [(ADA, "김민준", "", "")]),
    "Chinese, in Latin letters": (f"姓,名,邮箱\nWang,Xiaoming,{ADA}", [(ADA, "Wang Xiaoming", "", "")]),
    "Hungarian": (f"Vezetéknév;Keresztnév;E-mail cím\nNagy;Anna;{ADA}", [(ADA, "Nagy Anna", "", "")]),
    "Hungarian, the other way round": (f"Utónév;Családnév;E-mail\nAnna;Nagy;{ADA}", [(ADA, "Nagy Anna", "", "")]),
    "Hungarian, one bare word": (f"Név;Keresztnév;E-mail\nNagy;Anna;{ADA}", [(ADA, "Nagy Anna", "", "")]),
    "Vietnamese": (f"Họ,Tên,Email\nNguyễn,Ánh,{ADA}", [(ADA, "Nguyễn Ánh", "", "")]),
    "Vietnamese, with the middle": (
        f"Họ,Tên đệm,Tên,Email\nNguyễn,Thị,Ánh,{ADA}",
        [(ADA, "Nguyễn Thị Ánh", "", "")],
    ),
    "Vietnamese, family and middle together": (
        f"Họ và tên đệm,Tên,Email\nNguyễn Thị,Ánh,{ADA}",
        [(ADA, "Nguyễn Thị Ánh", "", "")],
    ),
    "a Hungarian in an English list": (f"First name,Last name,Email\nAnna,Nagy,{ADA}", [(ADA, "Anna Nagy", "", "")]),
    "Turkish": (f"Ad;Soyad;E-posta\nİnci;Şahin;{ADA}", [(ADA, "İnci Şahin", "", "")]),
    "camel case": (f"FirstName,LastName,EmailAddress\nAda,Lovelace,{ADA}", [(ADA, "Ada Lovelace", "", "")]),
    # Pasted lists
    "Markdown": (
        f"| Name | Email | Organisation |\n|:-----|:-----:|---|\n| Ada Lovelace | {ADA} | Engines |\n| Bob | {BOB} | |\n",
        [(ADA, "Ada Lovelace", "Engines", ""), (BOB, "Bob", "", "")],
    ),
    "pipes without a frame": (
        f"Ada Lovelace|{ADA}|Engines\nBob|{BOB}|\n",
        [(ADA, "Ada Lovelace", "Engines", ""), (BOB, "Bob", "", "")],
    ),
    "tabs": (f"Name\tEmail\nAda Lovelace\t{ADA}\n", [(ADA, "Ada Lovelace", "", "")]),
    "decorated": (
        f"Name;Email\nAda;<{ADA}>,\nBob;mailto:{BOB}?subject=Hi\n",
        [(ADA, "Ada", "", ""), (BOB, "Bob", "", "")],
    ),
    # Misleading headings
    "the address is not where the heading says": (
        f"Email,Name,Contact\nyes,Ada Lovelace,{ADA}\nno,Bob,{BOB}\n",
        [(ADA, "Ada Lovelace", "", ""), (BOB, "Bob", "", "")],
    ),
    "half a word": (f"Unemailed,Name,X\n3,Ada Lovelace,{ADA}\n", [(ADA, "Ada Lovelace", "", "")]),
    "the client": (f"Name of email client,Person,X\nThunderbird,Ada,{ADA}\n", [(ADA, "Thunderbird", "", "")]),
    "an address for a name": (f"Name,Email\n{ADA},{ADA}\n", [(ADA, "", "", "")]),
}
LISTS["the client"] = (f"Name of email client,Full name,X\nThunderbird,Ada,{ADA}\n", [(ADA, "Ada", "", "")])


@pytest.mark.parametrize("name", LISTS)
def test_a_real_list_needs_no_correction(name: str) -> None:
    text, expected = LISTS[name]
    assert people(text) == expected


def test_the_samples_are_as_wide_as_real_exports() -> None:
    assert len(GOOGLE) >= 68
    assert len(OUTLOOK) >= 92


@pytest.mark.parametrize(
    "heading", ["unemailed", "name of email client", "Email verified", "emailed", "filename", "username", "renamed"]
)
def test_half_a_word_is_no_heading(heading: str) -> None:
    assert meaning_of(heading) == ("ignored", 0)


def test_every_listed_phrase_is_recognised_as_its_column() -> None:
    assert set(PHRASES) == set(MEANINGS) - {"ignored"}
    for meaning, phrases in PHRASES.items():
        for phrase in " ".join(phrases.split()).split(" | "):
            found, sure = meaning_of(phrase)
            assert sure == 2, phrase
            # If a heading has two meanings, the first in the list counts.
            assert list(PHRASES).index(found) <= list(PHRASES).index(meaning), phrase


CELLS = st.sampled_from(
    ["ada lovelace@example.org", f"{ADA};{BOB}", "ada@example.co m", "x,ada@example.org", "a@b.org c@d.org"]
)


@given(st.lists(CELLS | st.text(alphabet="ab@.,;/|<>() \"'-+", max_size=30), min_size=1, max_size=8))
def test_no_address_is_made_up(cells: list[str]) -> None:
    try:
        rows = read_rows("\n".join(f"x\t{cell}" for cell in cells))
    except UnreadableList:
        return
    for place in range(max(len(each.cells) for each in rows)):
        columns = ["ignored"] * place + ["address"]
        for person in read_people(rows, columns, has_heading=False).people:
            address = person.address.deliverable.casefold()
            text = "\n".join(cells).casefold()
            assert address in text or address.replace("'", "") in text.replace('"', "")
            # The word before it is not part of a longer name.
            before = text[: text.find(address)][-1:]
            assert not before or before in " \n\t,;|<(\"'>)/"


@pytest.mark.parametrize(
    "cell", ["ada lovelace@example.org", "lovelace,ada@example.org", "ada@example.co m", "ada@exam ple.org"]
)
def test_a_broken_line_invites_nobody(cell: str) -> None:
    assert read_people([Row(1, ["x", cell])], ["ignored", "address"], has_heading=False).people == []


@pytest.mark.parametrize(
    "text",
    ["|" * 2_000_000, "|--" * 600_000, ",".join(["E-mail"] * 256) + "\n", ("\u0301" * 900 + ",a@b.org\n") * 1000],
    ids=["pipes", "rules", "headings", "marks"],
)
def test_nothing_takes_long(text: str) -> None:
    def read() -> None:
        with suppress(UnreadableList):
            people(text)

    assert effort(read) < 100


def test_a_misread_list_can_be_read_again() -> None:
    text = "Иван,ivan@example.org"
    wrong = text.encode("windows-1251").decode("latin-1")
    assert read_again(wrong, "latin-1", "windows-1251") == text
    assert read_again(wrong, "latin-1", "no-such-thing") == wrong
    with pytest.raises(UnreadableList, match="encoding"):
        read_again(wrong, "latin-1", "utf-8")
    assert unicodedata.is_normalized("NFC", text)
