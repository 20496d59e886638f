"""Companies that resemble nobody: each number, or any other key, has its own name, address and identity."""

from __future__ import annotations

import zlib

from stdnum.de import vat

SYLLABLES = ("ba", "den", "fil", "gor", "hum", "jas", "kel", "lor", "mip", "nuk", "pra", "quo", "rez", "sil", "tov", "wex")


def company(key: object) -> dict[str, str]:
    """Return the fields of a German company in Berlin in canonical form."""
    mark = zlib.crc32(str(key).encode())
    word = "".join(SYLLABLES[mark >> shift & 15] for shift in (0, 4, 8, 12)).capitalize()
    street = "".join(SYLLABLES[mark >> shift & 15] for shift in (16, 20, 24)).capitalize()
    return {
        "legal_name": f"{word} GmbH", "vat_id": vat_id(mark), "register_number": "", "language": "de",
        "phone": f"+4930{mark % 10**8:08}", "website": f"https://{word.lower()}-{mark % 10_000}.example",
        "street": f"{street}weg {mark % 90 + 1}", "postal_code": f"1{mark % 10_000:04}", "city": "Berlin", "country": "DE",
    }  # fmt: skip


def vat_id(mark: int) -> str:
    """Return a German VAT id with right check digits."""
    start = 100_000_000 + mark % 80_000_000
    return next(f"DE{number}" for number in range(start, start + 1_000) if vat.is_valid(str(number)))


BILLING = """
[billing]
go_live = 2026-01-01
[seller]
name = "Deichwerk AG"
street = "Hafen 1"
postal_code = "26382"
city = "Wilhelmshaven"
vat_id = "DE136695976"
contact_name = "Buchhaltung"
contact_phone = "+494421100"
contact_email = "rechnung@deichwerk.example"
payment_means = "58"
"""
