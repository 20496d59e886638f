"""Companies as two systems know them: who is who is known, the records are as dirty as real ones.

Shares below are per record or per pair and stand in one table, so that a reader can judge whether they are realistic.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from faker import Faker
from stdnum import luhn
from stdnum.at import uid
from stdnum.de import vat as german_vat
from stdnum.nl import bsn

from interlock.domain.identity import Ref
from interlock.domain.party import Account, Customer
from interlock.processes.matching import Subject

LOCALES = {"DE": ("de_DE", 60), "AT": ("de_AT", 10), "FR": ("fr_FR", 10), "NL": ("nl_NL", 10), "US": ("en_US", 10)}
PREFIX = {"DE": "+49", "AT": "+43", "FR": "+33", "NL": "+31", "US": "+1"}
FORMS = {
    "DE": {
        "GmbH": 55, "GmbH & Co. KG": 13, "AG": 4, "UG (haftungsbeschränkt)": 6, "e.K.": 7, "KG": 3, "OHG": 3, "GbR": 5, "eG": 1,
        "": 3,
    },
    "AT": {"GmbH": 65, "AG": 4, "KG": 8, "OG": 6, "e.U.": 14, "": 3},
    "FR": {"SARL": 45, "SAS": 40, "SA": 8, "SNC": 3, "": 4},
    "NL": {"B.V.": 70, "N.V.": 4, "V.O.F.": 16, "": 10},
    "US": {"Inc.": 40, "LLC": 40, "Corporation": 8, "Ltd.": 4, "": 8},
}  # fmt: skip
SPELT = {
    "GmbH": ("GmbH", "Gmbh", "GMBH", "G.m.b.H.", "mbH", "Gesellschaft mit beschränkter Haftung", "Ges.m.b.H."),
    "GmbH & Co. KG": ("GmbH & Co. KG", "GmbH & Co KG", "GmbH u. Co. KG", "GmbH und Co. KG", "GmbH&Co.KG", "GmbH + Co. KG"),
    "AG": ("AG", "Aktiengesellschaft", "A.G."),
    "UG (haftungsbeschränkt)": ("UG (haftungsbeschränkt)", "UG", "UG haftungsbeschränkt"),
    "e.K.": ("e.K.", "e. K.", "eK", "e.Kfm.", "e.Kfr."),
    "KG": ("KG", "Kommanditgesellschaft", "K.G."),
    "OHG": ("OHG", "oHG", "Offene Handelsgesellschaft"),
    "GbR": ("GbR", "Gesellschaft bürgerlichen Rechts"),
    "eG": ("eG", "e.G."),
    "OG": ("OG", "Offene Gesellschaft"),
    "e.U.": ("e.U.", "e. U."),
    "SARL": ("SARL", "S.A.R.L.", "Sarl", "S.à r.l."),
    "SAS": ("SAS", "S.A.S."),
    "SA": ("SA", "S.A."),
    "SNC": ("SNC", "S.N.C."),
    "B.V.": ("B.V.", "BV", "b.v."),
    "N.V.": ("N.V.", "NV"),
    "V.O.F.": ("V.O.F.", "VOF", "vof"),
    "Inc.": ("Inc.", "Inc", "Incorporated", ", Inc."),
    "LLC": ("LLC", "L.L.C.", ", LLC"),
    "Corporation": ("Corporation", "Corp.", "Corp"),
    "Ltd.": ("Ltd.", "Ltd", "Limited"),
    "": ("",),
}
TRADES = {
    "DE": [
        "Maschinenbau", "Elektrotechnik", "Bau", "Sanitär", "Heizungsbau", "Logistik", "Spedition", "Druckerei", "Metallbau",
        "Werkzeugbau", "Software", "Systeme", "Bäckerei", "Gartenbau", "Immobilien", "Consulting", "Medizintechnik", "Holzbau",
        "Autohaus", "Gebäudetechnik", "Lebensmittel", "Möbel", "Verpackung", "Kunststofftechnik", "Reinigung", "Dachdeckerei",
        "Tiefbau", "Architekten", "Steuerberatung", "Getränke", "Fördertechnik", "Messtechnik", "Büroservice", "Gärtnerei",
    ],
    "FR": [
        "Transports", "Bâtiment", "Menuiserie", "Électricité", "Plomberie", "Conseil", "Boulangerie", "Informatique", "Mécanique",
        "Services", "Imprimerie", "Travaux",
    ],
    "NL": [
        "Bouw", "Transport", "Techniek", "Installatie", "Advies", "Metaal", "Groothandel", "Automatisering", "Schilderwerken",
        "Logistiek", "Beheer", "Onderhoud",
    ],
    "US": [
        "Construction", "Logistics", "Consulting", "Plumbing", "Electric", "Manufacturing", "Software", "Foods", "Supply",
        "Roofing", "Printing", "Landscaping",
    ],
}  # fmt: skip
TRADES["AT"] = TRADES["DE"]
SYLLABLES = (
    "no", "va", "tec", "ri", "mo", "lan", "sol", "ex", "bi", "tra", "pro", "mel", "du", "ka", "zen", "or", "qua", "fi", "lu",
    "per", "ion", "ax", "ter", "gen",
)  # fmt: skip
COMMON_STREETS = {
    "DE": ["Hauptstraße", "Bahnhofstraße", "Dorfstraße", "Gartenstraße", "Industriestraße"],
    "AT": ["Hauptstraße", "Bahnhofstraße"],
    "FR": ["rue de la République", "rue Victor Hugo", "place de la Mairie"],
    "NL": ["Dorpsstraat", "Kerkstraat", "Industrieweg"],
    "US": ["Main Street", "Oak Avenue", "Park Road"],
}

NOISE = {
    "account without VAT id": 0.50, "customer without VAT id": 0.20,  # both have one in 40 % of the pairs
    "VAT id mistyped": 0.01, "account with register number": 0.30, "customer with register number": 0.50, "court missing": 0.5,
    "account with website": 0.7, "customer with website": 0.4, "phone": 0.6, "street missing": 0.04, "postcode missing": 0.02,
    "form spelt otherwise": 0.35, "account without form": 0.15, "customer without form": 0.03, "wrong form": 0.01,
    "umlauts spelt out": 0.15, "umlauts lost": 0.05, "upper case": 0.04, "and written otherwise": 0.5,
    "typing slip in name": 0.07,
    "word dropped": 0.03, "town added": 0.02, "other name": 0.01, "word abbreviated": 0.02, "words swapped": 0.01,
    "street abbreviated": 0.4, "slip in street": 0.05, "slip in postcode": 0.015, "slip in house number": 0.01,
    "moved to another town": 0.04, "moved within town": 0.03, "post-office box": 0.02, "inactive": 0.01,
}  # fmt: skip
STRUCTURE = {
    "branch": 0.03,  # an account is a branch of the customer: other address, same VAT id; half of them say so in the name
    "account twice": 0.01, "customer twice": 0.01,
    "sibling": 0.04,  # a holding, administration or sister company at the same address, with the same phone and website
    "same name elsewhere": 0.05, "series": 0.01, "family": 0.005, "VAT group among Dutch siblings": 0.75,
}  # fmt: skip


@dataclass(frozen=True)
class Company:
    """A legal entity as it really is."""

    id: int
    country: str
    name: str
    form: str
    street: str
    house: str
    postcode: str
    city: str
    vat: str
    register: str
    court: str
    phone: str
    site: str


@dataclass
class World:
    """Both systems' records, and for each account the customers that are the same company."""

    accounts: list[Subject] = field(default_factory=list)
    customers: list[Subject] = field(default_factory=list)
    truth: dict[Ref, frozenset[Ref]] = field(default_factory=dict)
    branches: set[Ref] = field(default_factory=set)
    entity: dict[Ref, int] = field(default_factory=dict)


class Generator:
    """Draws companies and their records; the same seed gives the same world."""

    def __init__(self, seed: int, size: int) -> None:
        self.chance = random.Random(seed)
        self.fakers = {country: Faker(locale) for country, (locale, _) in LOCALES.items()}
        for faker in self.fakers.values():
            faker.seed_instance(seed)
        self.places = {c: self._places(c, max(50, min(8_000, size // 12) * share // 100)) for c, (_, share) in LOCALES.items()}
        self.streets = {c: [self.fakers[c].street_name() for _ in range(1_500)] for c in LOCALES}
        self.last = {c: [self.fakers[c].last_name() for _ in range(3_000)] for c in LOCALES}
        self.first = {c: [self.fakers[c].first_name() for _ in range(800)] for c in LOCALES}
        self.counter = 0
        self.used: set[str] = set()

    def _places(self, country: str, count: int) -> tuple[list[tuple[str, str]], list[float]]:
        places = [(self.fakers[country].postcode()[:7], self.fakers[country].city()) for _ in range(count)]
        return places, [1 / (10 + rank) for rank in range(count)]

    def happens(self, what: str) -> bool:
        return self.chance.random() < NOISE[what]

    def company(self) -> Company:
        country = self.chance.choices(list(LOCALES), [share for _, share in LOCALES.values()])[0]
        form = self.chance.choices(list(FORMS[country]), list(FORMS[country].values()))[0]
        return self._complete(country, self._name(country, form), form)

    def _complete(self, country: str, name: str, form: str) -> Company:
        self.counter += 1
        site = "".join(c for c in name.lower() if c.isascii() and c.isalnum())[:24] or f"firma{self.counter}"
        if self.chance.random() < 0.5:
            site += str(self.chance.randint(1, 999))
        vat, register = self._numbers(country, form)
        return Company(
            self.counter, country, name, form, *self._address(country), vat, register, self.fakers["DE"].city(),
            self._phone(country), f"https://www.{site}.{country.lower()}",
        )  # fmt: skip

    def _address(self, country: str) -> tuple[str, str, str, str]:
        postcode, city = self.chance.choices(*self.places[country])[0]
        common = self.chance.random() < 0.15
        street = self.chance.choice(COMMON_STREETS[country] if common else self.streets[country])
        house = str(self.chance.randint(1, 150)) + (self.chance.choice("abc") if self.chance.random() < 0.08 else "")
        return street, house, postcode, city

    def _phone(self, country: str) -> str:
        return PREFIX[country] + "".join(self.chance.choice(string.digits) for _ in range(9))

    def _unused_digits(self) -> str:
        """Return eight digits whose first seven no other company has."""
        while (digits := f"{self.chance.randrange(10**8):08}")[:7] in self.used:
            pass
        self.used.add(digits[:7])
        return digits

    def _numbers(self, country: str, form: str) -> tuple[str, str]:
        digits = self._unused_digits()
        register = f"{'HRA' if 'K' in form else 'HRB'} {self.chance.randint(1, 99_999)}"  # given anew by every court
        if country == "NL":
            while not (number := _dutch(digits)):
                digits = self._unused_digits()
            return f"NL{number}B01", digits
        siren = digits + luhn.calc_check_digit(digits)
        return {
            "DE": ("DE" + _with_check_digit("1" + digits[:7]), register if form not in {"", "GbR"} else ""),
            "AT": (f"ATU{digits[:7]}{uid.calc_check_digit('U' + digits[:7])}", f"FN {digits[:6]}{self.chance.choice('abdfgh')}"),
            "FR": (f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}", siren),
            "US": ("", ""),
        }[country]

    def _name(self, country: str, form: str) -> str:
        chance, trade = self.chance, self.chance.choice(TRADES[country])
        family, town = chance.choice(self.last[country]), chance.choice(self.places[country][0])[1]
        if form in {"e.K.", "e.U.", ""} and chance.random() < 0.6:
            return f"{chance.choice(self.first[country])} {family}"
        letters = "".join(chance.choice(string.ascii_uppercase) for _ in range(3))
        coined = "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(3, 4))).title()
        patterns = {
            f"{family} {trade}": 38, f"{family} & {chance.choice(self.last[country])}": 8, family: 7, f"{town} {trade}": 5,
            f"Gebrüder {family}" if country in {"DE", "AT"} else f"{trade} {family}": 4, f"{letters} {trade}": 4, letters: 1,
            f"{trade} {chance.randint(2, 99)}": 3, f"{coined} {trade}": 15, coined: 15,
        }  # fmt: skip
        return chance.choices(list(patterns), list(patterns.values()))[0]

    def relatives(self, company: Company) -> Iterator[Company]:
        """Yield the companies that are easily taken for this one."""
        chance = self.chance
        if chance.random() < STRUCTURE["sibling"]:
            word = chance.choice(("Holding", "Verwaltungs", "Service", "Immobilien", "", "", "Vertriebs"))
            form = (
                chance.choice([f for f in FORMS[company.country] if f not in {company.form, ""}])
                if not word
                else company.form or "GmbH"
            )
            twin = self._complete(company.country, f"{company.name} {word}".strip(), form)
            group = company.country == "NL" and chance.random() < STRUCTURE["VAT group among Dutch siblings"]
            yield replace(_beside(twin, company), vat=company.vat if group else twin.vat)
        if chance.random() < STRUCTURE["same name elsewhere"]:
            yield self._complete(company.country, company.name, company.form)
        if chance.random() < STRUCTURE["series"]:
            for number in range(1, 4):
                yield _beside(self._complete(company.country, f"{company.name} {number}", company.form), company)
        if chance.random() < STRUCTURE["family"] and len(company.name.split()) == 2 and company.form in {"e.K.", "e.U.", ""}:
            first, last = chance.choice(self.first[company.country]), company.name.split()[1]
            if first != company.name.split()[0]:
                yield _beside(self._complete(company.country, f"{first} {last}", company.form), company)

    def record(self, company: Company, *, crm: bool, branch: bool = False) -> dict[str, str]:
        """Return the company as a system knows it."""
        side = "account" if crm else "customer"
        name, street, postcode, city = self._written_name(company, side), *self._written_address(company)
        if branch:
            new, house, postcode, city = self._address(company.country)
            street = f"{new} {house}"
            if self.chance.random() < 0.5:
                name += f" {'Niederlassung' if company.country in {'DE', 'AT'} else 'Branch'} {city}"
        vat = "" if self.happens(f"{side} without VAT id") else company.vat
        if vat and self.happens("VAT id mistyped"):
            vat = self._slip(vat, string.digits, 4)
        register = company.register if self.happens(f"{side} with register number") else ""
        if register and company.country == "DE" and not self.happens("court missing"):
            register = f"Amtsgericht {company.court} {register}"
        return {
            "legal_name": name, "vat_id": vat, "register_number": register, "street": street, "postal_code": postcode,
            "city": city, "country": company.country, "phone": company.phone if self.happens("phone") else "",
            "website": company.site if self.happens(f"{side} with website") else "",
        }  # fmt: skip

    def _written_name(self, company: Company, side: str) -> str:
        name = self._name(company.country, company.form) if self.happens("other name") else company.name
        words = self._written_words(name.split())
        if self.happens("town added"):
            words.append(company.city)
        name = " ".join(words)
        if self.happens("typing slip in name"):
            name = self._slip(name, string.ascii_lowercase, 1)
        if self.happens("and written otherwise"):
            name = name.replace("&", self.chance.choice(("und", "+", "u."))).replace("Gebrüder", "Gebr.")
        return self._letters(f"{name} {self._written_form(company, side)}".strip().replace(" ,", ","))

    def _written_words(self, words: list[str]) -> list[str]:
        if len(words) > 2 and self.happens("word dropped"):
            words.pop()
        elif len(words) == 2 and self.happens("words swapped"):
            words.reverse()
        if self.happens("word abbreviated") and len(words[-1]) > 7:
            words[-1] = words[-1][:5] + "."
        return words

    def _written_form(self, company: Company, side: str) -> str:
        form = self.chance.choice(list(FORMS[company.country])) if self.happens("wrong form") else company.form
        if self.happens("form spelt otherwise"):
            form = self.chance.choice(SPELT[form])
        return "" if self.happens(f"{side} without form") else form

    def _letters(self, text: str) -> str:
        if self.happens("umlauts spelt out"):
            for umlaut, spelt in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue")):
                text = text.replace(umlaut, spelt)
        elif self.happens("umlauts lost"):
            text = text.translate(str.maketrans("äöüÄÖÜéèçâ", "aouAOUeeca"))
        return text.upper() if self.happens("upper case") else text

    def _written_address(self, company: Company) -> tuple[str, str, str]:
        street, house, postcode, city = company.street, company.house, company.postcode, company.city
        if self.happens("moved to another town"):
            street, house, postcode, city = self._address(company.country)
        elif self.happens("moved within town"):
            street, house, *_ = self._address(company.country)
        if self.happens("slip in street"):
            street = self._slip(street, string.ascii_lowercase, 1)
        if self.happens("slip in house number"):
            house = str(self.chance.randint(1, 150))
        if self.happens("street abbreviated"):
            street = street.replace("straße", "str.").replace("Straße", "Str.").replace("Street", "St").replace("Avenue", "Ave")
        line = f"{house} {street}" if company.country in {"FR", "US"} else f"{street} {house}"
        if self.happens("post-office box"):
            line = f"Postfach {self.chance.randint(1000, 99999)}"
        if self.happens("slip in postcode"):
            postcode = self._slip(postcode, string.digits, 0)
        return (
            "" if self.happens("street missing") else self._letters(line),
            "" if self.happens("postcode missing") else postcode,
            self._letters(city),
        )

    def _slip(self, text: str, letters: str, start: int) -> str:
        place = self.chance.randrange(min(start, len(text) - 1), len(text))
        kind = self.chance.random()
        if kind < 0.4:
            return text[:place] + self.chance.choice(letters) + text[place + 1 :]
        if kind < 0.6:
            return text[:place] + text[place + 1 :]
        if kind < 0.8 or place + 1 >= len(text):
            return text[:place] + self.chance.choice(letters) + text[place:]
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _with_check_digit(eight: str) -> str:
    return next(eight + digit for digit in string.digits if german_vat.is_valid(eight + digit))


def _dutch(eight: str) -> str:
    return next((eight + digit for digit in string.digits if bsn.is_valid(eight + digit)), "")


def _beside(company: Company, other: Company) -> Company:
    return replace(
        company,
        street=other.street,
        house=other.house,
        postcode=other.postcode,
        city=other.city,
        phone=other.phone,
        site=other.site,
        court=other.court,
    )


def world(size: int, seed: int = 1) -> World:
    """Return `size` accounts and `size` customers, half of the accounts being customers."""
    draw = Generator(seed, size)
    companies: list[Company] = []
    while len(companies) < 1.5 * size:
        company = draw.company()
        companies += [company, *draw.relatives(company)]
    draw.chance.shuffle(companies)
    made, half = World(), size // 2
    of: dict[int, set[Ref]] = {}
    for company in companies[: 2 * half]:
        for _ in range(1 + (draw.chance.random() < STRUCTURE["customer twice"])):
            if len(made.customers) < size:
                ref = Ref("erp:1", "1", "customer", str(len(made.customers)))
                party = Customer(**draw.record(company, crm=False), active=not draw.happens("inactive"))
                made.customers.append(Subject(ref, party))
                made.entity[ref] = company.id
                of.setdefault(company.id, set()).add(ref)
    for company in companies[half:]:
        for _ in range(1 + (draw.chance.random() < STRUCTURE["account twice"])):
            if len(made.accounts) < size:
                ref = Ref("crm:1", "", "account", str(len(made.accounts)))
                branch = draw.chance.random() < STRUCTURE["branch"]
                made.accounts.append(Subject(ref, Account(**draw.record(company, crm=True, branch=branch))))
                made.truth[ref] = frozenset(of.get(company.id, ()))
                made.entity[ref] = company.id
                if branch:
                    made.branches.add(ref)
    return made
