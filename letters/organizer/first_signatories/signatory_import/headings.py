"""Guess what a column holds from its heading, in the languages of people who send lists."""

import re
import unicodedata
from functools import cache, lru_cache

from letters.shared.text import compose, normalized

# What a column can hold. A name is put together from its parts, unless one column holds it all.
MEANINGS = [
    *["ignored", "address", "name", "prefix", "given", "middle", "family", "suffix", "affiliation", "role"],
]
# Longer headings are cut, because form questions can be long.
MAX_LENGTH = 200

PHRASES = {
    "address": """
        email | e mail | mail | email address | e mail address | correo | correo
        electronico | courriel | courrier electronique | adresse electronique |
        adresse mail | adresse email | adresse e mail | posta elettronica |
        indirizzo email | indirizzo e mail | indirizzo mail | indirizzo di posta |
        indirizzo di posta elettronica | emailadresse | mailadresse | e mail adresse
        | email adresse | mail adresse | emailadres | e mailadres | e postadress |
        epost | e post | e postadresse | sahkoposti | sahkopostiosoite | adres email
        | adres e mail | poczta elektroniczna | endereco de email | endereco de e
        mail | endereco eletronico | correo e | электронная почта | эл почта | почта
        | адрес электронной почты | email адрес | имейл | електронна пошта | пошта |
        ηλεκτρονικο ταχυδρομειο | e posta | eposta | البريد الالكتروني | البريد |
        ايميل | דואר אלקטרוני | דוא ל | ميل | ایمیل | پست الکترونیک | メール | メールアドレス
        | eメール | 電子メール | 邮箱 | 电子邮件 | 电子邮箱 | 電子郵件 | 電子信箱 | 이메일 | 전자우편 |
        이메일 주소 | thu dien tu | ईमेल
    """,
    "given": """
        first | first name | firstname | given | given name | givenname | forename |
        fname | vorname | vornamen | rufname | prenom | prenoms | primeiro nome |
        primer nombre | nombre de pila | nombres | voornaam | voornamen | fornamn |
        fornavn | etunimi | imie | imiona | jmeno | krstni ime | keresztnev | utonev
        | prenume | ad | isim | личное имя | ім я | μικρο ονομα | الاسم الاول | שם
        פרטי | نام کوچک | 名 | 名字 | 이름 | मुख्य नाम | ten
    """,
    "family": """
        last | last name | lastname | family | family name | familyname | surname |
        lname | nachname | familienname | zuname | nom de famille | nom famille |
        cognome | apellido | apellidos | primer apellido | sobrenome | apelido |
        ultimo nome | achternaam | familienaam | efternamn | slaktnamn | etternavn |
        efternavn | sukunimi | nazwisko | prijmeni | priezvisko | priimek | prezime
        | vezeteknev | csaladnev | nume de familie | soyad | soyadi | soyisim |
        фамилия | прізвище | επωνυμο | اسم العائلة | اللقب | שם משפחה | نام خانوادگی
        | 姓 | 姓氏 | 苗字 | 名字 姓 | 성 | उपनाम | ho | ho dem | ho lot | ho va ten
        dem | ho va ten lot
    """,
    "middle": """
        middle | middle name | middlename | additional name | second name | segundo
        nombre | zweiter vorname | secondo nome | deuxieme prenom | tussenvoegsel |
        отчество | по батькові | phonetic middle name | ten dem | ten lot
    """,
    "prefix": """
        prefix | name prefix | honorific | salutation | anrede | academic title |
        akademischer titel | titolo accademico | titre academique | titel | civilite
        | trattamento | tratamiento
    """,
    "suffix": "suffix | name suffix | generational suffix | postnominals",
    "affiliation": """
        affiliation | affiliations | organisation | organization | organisation name
        | organization name | institution | institute | company | company name |
        university | employer | workplace | department and university | affiliazione
        | ente | istituzione | azienda | organizzazione | universita | firma |
        einrichtung | universitat | hochschule | arbeitgeber | verein |
        etablissement | organisme | universite | entreprise | employeur |
        association | afiliacion | institucion | organizacion | empresa |
        universidad | afiliacao | instituicao | organizacao | universidade |
        organisatie | instelling | universiteit | bedrijf | werkgever | organisaatio
        | yliopisto | instytucja | organizacja | uczelnia | firma nazwa |
        организация | учреждение | университет | место работы | організація |
        οργανισμος | الموسسه | الجهه | المنظمه | الجامعه | مؤسسه | دانشگاه | ארגון |
        מוסד | 所属 | 所属機関 | 単位 | 单位 | 所屬單位 | 机构 | 機構 | 소속 | 기관 | kurum | संस्था |
        account name
    """,
    "role": """
        role | organization title | organisation title | company title |
        profession | job | job title | jobtitle | title | occupation |
        position | function | ruolo | professione | qualifica | beruf | funktion |
        tatigkeit | position rolle | metier | fonction | poste | profesion | cargo |
        puesto | profissao | funcao | beroep | functie | yrke | ammatti | zawod |
        stanowisko | функция | должность | профессия | посада | επαγγελμα | المهنه |
        الوظيفه | شغل | תפקיד | 役職 | 職業 | 职业 | 职位 | 職稱 | 職務 | 직업 | 직책 | meslek |
        unvan | पद
    """,
    "name": """
        name | names | full name | fullname | your name | complete name | display
        name | nome | nome completo | nome e cognome | cognome e nome | nom | nom
        complet | nom et prenom | prenom et nom | nombre | nombre completo | nombre
        y apellidos | nombre y apellido | apellidos y nombre | vor und nachname |
        vorname und nachname | vorname nachname | name vorname | vollstandiger name
        | naam | volledige naam | voor en achternaam | namn | navn | nimi | imie i
        nazwisko | nazwisko i imie | jmeno a prijmeni | nev | teljes nev | nume |
        nume si prenume | ad soyad | adi soyadi | имя | имя и фамилия | фамилия и
        имя | фио | полное имя | ім я та прізвище | піб | ονομα | ονοματεπωνυμο |
        الاسم | الاسم الكامل | نام | نام و نام خانوادگی | שם | שם מלא | 氏名 | お名前 |
        名前 | 姓名 | 성명 | 성함 | ho ten | ho va ten | नाम | पूरा नाम | signatory | signer
        | first and last name | name and surname | firmatario | firmataria |
        signataire | unterzeichner | contact name
    """,
}
# Words that say nothing about what the column holds.
_FILLERS = """
    your the a an of for please enter write what whats is s here primary main work home personal private other
    contact value required optional field question answer person signers signer signatory signatorys il la lo le
    les l d tuo tua suo sua vostro votre ton ta mein dein deine ihr ihre ihren bitte su tu el seu sua uw je jouw
    ваше ваш ваша твое адрес
"""
FILLERS = frozenset(_FILLERS.split())
# A heading with one of these words is about something else.
_NOT_THESE = """
    user username login client unsubscribe unsubscribed unemailed subscribe subscribed subscription consent
    confirm confirmed confirmation verified validated permission permissions opt optin optout sent opened clicked
    bounced type status date time timestamp stamp created updated modified start completion end event filename
    petition campaign list id uuid ip url link website web page phonetic yomi nickname maiden display initials
    spouse assistant manager children anniversary birthday phone mobile fax street city zip postal postcode
    country region state province notes note comment comments language gender hobby keywords location mileage
    priority sensitivity billing referred internet directory server marketing newsletter count number rating score
    source tags tag group groups labels photo image attachment attachments telefono telefon telephone file
"""
NOT_THESE = frozenset(_NOT_THESE.split())
# Words for "name" that mean one half of it when another column holds the other half: Nom beside Prénom.
_HALVES = """
    name nom nome nombre naam namn navn nimi nev nume имя ονομα نام שם
"""
HALVES = frozenset(_HALVES.split())
# Headings in Hungarian, Vietnamese, Chinese, Japanese and Korean, where the family name comes first.
_FAMILY_FIRST = """
    vezeteknev | csaladnev | keresztnev | utonev | ho | ho dem | ho lot | ho va ten dem | ho va ten lot | ten |
    姓 | 姓氏 | 苗字 | 名字 姓 | 名 | 名字 | 성 | 이름
"""
BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])")
WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=2048)
def words_of(heading: str) -> tuple[str, ...]:
    """Return the words of a heading in lower case without accents; FirstName counts as two.

    Numbers and question codes (G01Q02) are left out.
    """
    spaced = BOUNDARY.sub(" ", heading[:MAX_LENGTH])
    plain = normalized("NFKD", spaced).casefold()
    letters = "".join(each for each in plain if unicodedata.category(each) not in {"Mn", "Cf"})
    found = WORD.findall(compose(letters).translate(SAME))
    return tuple(word for word in found if not any(map(str.isdigit, word)))


# Letters with two spellings that removing accents does not unite.
SAME = str.maketrans(
    "\u0142\u00f8\u0111\u0131\u0623\u0625\u0622\u0629\u0649",
    "lodi\u0627\u0627\u0627\u0647\u064a",
    "",
)


@cache
def _phrases() -> dict[tuple[str, ...], str]:
    return {
        words_of(phrase): meaning
        for meaning, phrases in reversed(PHRASES.items())
        for phrase in " ".join(phrases.split()).split("|")
        if words_of(phrase)
    }


def meaning_of(heading: str) -> tuple[str, int]:
    """Return what a column under this heading probably holds (one of MEANINGS), and how sure that is: 2, 1 or 0.

    Only whole words count: "unemailed" does not mean an address, and "name of email client" means nothing.
    """
    words = words_of(heading)
    phrases = _phrases()
    if words in phrases:
        return phrases[words], 2
    if not words or not NOT_THESE.isdisjoint(words):
        return "ignored", 0
    core = tuple(word for word in words if word not in FILLERS)
    if core in phrases:
        return phrases[core], 2
    found = [
        (phrases[words[start:end]], end - start)
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + 5) + 1)
        if words[start:end] in phrases
    ]
    order = list(PHRASES)
    # The longest phrase wins: "first name" says more than "name".
    best = max(found, key=lambda pair: (pair[1], -order.index(pair[0])), default=None)
    return (best[0], 1) if best else ("ignored", 0)


def is_half(heading: str) -> bool:
    """Return whether the heading is a bare word for "name", which means one half where another
    column holds the other half.
    """
    core = [word for word in words_of(heading) if word not in FILLERS]
    return len(core) == 1 and core[0] in HALVES


def is_family_first(heading: str) -> bool:
    """Return whether the heading of half a name is in a language in which the family name comes first."""
    words = words_of(heading)
    return words in _family_first() or tuple(word for word in words if word not in FILLERS) in _family_first()


@cache
def _family_first() -> frozenset[tuple[str, ...]]:
    return frozenset(words_of(phrase) for phrase in " ".join(_FAMILY_FIRST.split()).split("|"))
