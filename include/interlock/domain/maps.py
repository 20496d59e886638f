"""What a company's CRM calls things, and the codes they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from interlock.domain.codes import COUNTRY_CODES, LANGUAGE_CODES
from interlock.domain.normalise import text


def key(value: str) -> str:
    """Return the form in which a name is looked up: case and spacing make no difference."""
    return text(value).casefold()


class ValueMaps(BaseModel):
    """Names as typed in the CRM -> values as Interlock knows them; looked up before any name or code known of itself.

    countries: to ISO 3166-1 alpha-2. languages: to ISO 639-1. salutations: to the form to go on
    with. legal_forms: spellings within company names, to the form under which matching compares them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    countries: dict[str, str] = {}
    languages: dict[str, str] = {}
    salutations: dict[str, str] = {}
    legal_forms: dict[str, str] = {}

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Refuse a name twice, an empty name or value, and a country or language that is no code."""
        for table, names in self:
            for name, value in names.items():
                if not key(name) or not text(value):
                    raise ValueError(f'{table}: a name and a value must not be empty; write "name" = "value"')
            if len({key(name) for name in names}) != len(names):
                raise ValueError(f"{table}: the same name twice; case and spacing make no difference")
        for table, names, codes, example in (
            ("countries", self.countries, COUNTRY_CODES, "an ISO 3166 code such as DE"),
            ("languages", self.languages, LANGUAGE_CODES, "an ISO 639 code such as de"),
        ):
            if wrong := sorted(value for value in names.values() if value not in codes):
                raise ValueError(f"{table}: {wrong[0]!r} is not {example}")
        return self

    @property
    def by_field(self) -> Mapping[str, Mapping[str, str]]:
        """The maps of an account's and a contact's fields, their names in look-up form."""
        countries = _looked_up(self.countries)
        return {
            "country": countries, "delivery_country": countries, "language": _looked_up(self.languages),
            "salutation": _looked_up(self.salutations),
        }  # fmt: skip

    def comparable(self, names: Iterable[str]) -> Iterator[str]:
        """Yield company names with each legal form as the map has it, to be compared; what goes over is the name itself."""
        forms = {key(form): value for form, value in self.legal_forms.items()}
        if not forms:
            yield from names
            return
        longest_first = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        pattern = re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", re.IGNORECASE)
        for name in names:
            yield pattern.sub(lambda found: forms[key(found[0])], text(name))


def _looked_up(names: Mapping[str, str]) -> dict[str, str]:
    return {key(name): value for name, value in names.items()}
