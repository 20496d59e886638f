"""The tax table: which category and rate a supply has, for whom, from when to when. Rows are data; a company may replace them.

Rates: § 12 (1), (2) UStG; lowered from 1 July to 31 December 2020 by § 28 (1), (2) UStG. The other rows are professional
knowledge, to be confirmed by the company's tax adviser (†): § 13b (1) UStG and Art. 196 of Directive 2006/112/EC (reverse
charge), § 4 Nr. 1 with §§ 6, 6a UStG (goods), § 3a (2) UStG (place of business services).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from interlock.domain.contract import Day
from interlock.domain.invoice import Category
from interlock.domain.money import ZERO, Amount

Zone = Literal["domestic", "eu", "third"]
_EU: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU: Final = frozenset(_EU.split())
_SPECIAL: Final = "AX FO GB GF GG GI GL GP IM JE MC MQ RE SM VA XI YT"
SPECIAL: Final = frozenset(_SPECIAL.split())
"""Countries and territories with rules of their own: none of the zones' rows holds for them, only one that names them."""
SPECIAL_POSTAL_CODES: Final = {
    "DE": ("78266", "27498"),  # Büsingen, Heligoland
    "ES": ("35", "38", "51", "52"),  # Canary Islands, Ceuta, Melilla
    "IT": ("23041", "22061"),  # Livigno, Campione d'Italia
    "GR": ("63086",),  # Mount Athos
}
REVERSE_CHARGE: Final = "Steuerschuldnerschaft des Leistungsempfängers (Reverse charge)"
EU_GOODS: Final = "Steuerfreie innergemeinschaftliche Lieferung (§ 4 Nr. 1 Buchst. b, § 6a UStG)"
EXPORT: Final = "Steuerfreie Ausfuhrlieferung (§ 4 Nr. 1 Buchst. a, § 6 UStG)"
ABROAD: Final = "Im Inland nicht steuerbare sonstige Leistung (§ 3a Abs. 2 UStG)"


class TaxRow(BaseModel):
    """One row; the first that fits counts, rows that name countries before those that name a zone.

    valid_from, valid_to: the last day of the service period lies between them, both counted. rate: percent. code: the ERP's
    name of the tax. reason: printed where no tax is charged (BT-120).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tax_class: str = Field(min_length=1)
    supply: Literal["goods", "service", "any"] = "any"
    customer_kind: Literal["business", "consumer", "any"] = "any"
    zone: Zone | None = None
    countries: tuple[str, ...] = ()
    category: Category = "S"
    rate: Annotated[Amount, Field(ge=0, le=100)] = ZERO
    code: str = ""
    reason: str = ""
    valid_from: date
    valid_to: Day = None

    @model_validator(mode="after")
    def sound(self) -> TaxRow:
        """Refuse a row that fits nobody, charges no tax without a reason, or charges tax where there is none."""
        if (self.zone is None) == (not self.countries):
            raise ValueError(f"tax row {self.tax_class}: name either a zone or countries")
        if (self.category == "S") == (self.rate == 0):
            raise ValueError(f"tax row {self.tax_class}: category S has a rate above 0, every other one the rate 0")
        if self.category != "S" and not self.reason:
            raise ValueError(f"tax row {self.tax_class}: category {self.category} needs the reason that the invoice prints")
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(f"tax row {self.tax_class}: valid_to lies before valid_from")
        return self


def _domestic(tax_class: str, *rates: tuple[str, str, str | None]) -> list[TaxRow]:
    return [
        TaxRow.model_validate(
            {
                "tax_class": tax_class,
                "zone": "domestic",
                "rate": rate,
                "code": f"{rate} %",
                "valid_from": since,
                "valid_to": until,
            }
        )
        for rate, since, until in rates
    ]


def _abroad(tax_class: str) -> list[TaxRow]:
    rows = (
        {"supply": "service", "zone": "eu", "category": "AE", "reason": REVERSE_CHARGE, "valid_from": "2010-01-01"},
        {"supply": "goods", "zone": "eu", "category": "K", "reason": EU_GOODS, "valid_from": "1993-01-01"},
        {"supply": "goods", "zone": "third", "category": "G", "reason": EXPORT, "valid_from": "1993-01-01"},
        {"supply": "service", "zone": "third", "category": "O", "reason": ABROAD, "valid_from": "2010-01-01"},
    )
    return [
        TaxRow.model_validate({"tax_class": tax_class, "customer_kind": "business", "code": str(row["category"])} | row)
        for row in rows
    ]


GERMAN: Final = (
    *_domestic(
        "standard",
        ("19", "2007-01-01", "2020-06-30"),
        ("16", "2020-07-01", "2020-12-31"),
        ("19", "2021-01-01", None),
    ),
    *_domestic(
        "reduced",
        ("7", "1983-07-01", "2020-06-30"),
        ("5", "2020-07-01", "2020-12-31"),
        ("7", "2021-01-01", None),
    ),
    *_abroad("standard"),
    *_abroad("reduced"),
)
"""For a seller in Germany. Consumers abroad, § 13b within Germany and special territories have no row: they are held."""


class TaxRules(BaseModel):
    """The table [tax]. country: the seller's, whose rates the domestic rows are.

    vat_register: which register is asked whether a VAT id is valid; `none`: every answer stays unknown. vat_connection: where
    another one than the public service is. vat_ask_again_days: for how many days, its own the first, a valid answer is taken
    without asking again; 0 asks each time. vat_max_age_days: how old a valid answer may be while the register gives no new
    one. rows: replace the German ones as a whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str = "DE"
    vat_register: Literal["vies", "none"] = "vies"
    vat_connection: Annotated[str, Field(min_length=1)] = "interlock_vat"
    vat_ask_again_days: Annotated[int, Field(ge=0, le=31)] = 1
    vat_max_age_days: Annotated[int, Field(ge=0, le=366)] = 30
    rows: tuple[TaxRow, ...] = GERMAN

    def zone(self, country: str, postal_code: str = "") -> Zone | None:
        """Return where a recipient's seat lies, or None for a special territory and for an unknown country."""
        special = any(postal_code.startswith(prefix) for prefix in SPECIAL_POSTAL_CODES.get(country, ()))
        if not country or country in SPECIAL or special:
            return None
        if country == self.country:
            return "domestic"
        return "eu" if country in EU else "third"
