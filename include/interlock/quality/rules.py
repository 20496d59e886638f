"""What each kind of record must be like before anything is decided on it, with the words in which a person is told.

The rules are a net below the connectors, which bring canonical values: they judge what would go over, in one table a kind.
Lengths are checked row by row; a bound in a pattern would cost the database a hundred times as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Demand = Literal["present", "pattern", "unique", "past"]
KINDS: Final = ("account", "contact", "deal", "customer", "contract", "contract_line", "receivable")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field must be: present, of a pattern where it has a value, unique in the batch, or not after the check's time.

    code: the reason's stable name. message: what is wrong, without values. cure: what a person does about it.
    """

    code: str
    field: str
    demand: Demand
    message: str
    cure: str
    pattern: str = ""

    @property
    def words(self) -> str:
        """Say what is wrong and what to do."""
        return f"{self.message}; {self.cure}"


CORRECT: Final = "correct it in the CRM"


def _text(field: str, clean: str = "^[^[:cntrl:]]+$") -> Rule:
    return Rule("control_characters", field, "pattern", f"the {field.replace('_', ' ')} has control characters", CORRECT, clean)


def _country(whose: str) -> Rule:
    cure = "correct it in the CRM, or add the name under [maps.countries]"
    return Rule("country_unknown", "country", "pattern", f"{whose} country is not an ISO 3166 code", cure, "^[A-Z]{2}$")


SUITES: Final[dict[str, tuple[Rule, ...]]] = {
    "account": (
        Rule("name_missing", "legal_name", "present", "the account has no name", "enter the legal name in the CRM"),
        _text("legal_name"),
        Rule("country_missing", "country", "present", "the account has no country", "enter it in the CRM; an invoice needs one"),
        _country("the"),
        Rule("language_unknown", "language", "pattern", "the language is not an ISO 639 code",
             "correct it in the CRM, or add the name under [maps.languages]", "^[a-z]{2}$"),
        Rule("postal_code_unfit", "postal_code", "pattern", "the postal code has characters that no postal code has", CORRECT,
             "^[A-Za-z0-9 -]{2,12}$"),
        Rule("website_unfit", "website", "pattern", "the website is not an address", CORRECT, "^https?://[^ [:cntrl:]]+$"),
        _text("street", r"^[^\u0001-\u0009\u000b-\u001f\u007f]+$"),  # it may have several lines
        _text("city"),
        _text("register_number"),
        _text("vat_id"),
    ),
    "contact": (
        Rule("email_unfit", "email", "pattern", "the e-mail address is none", CORRECT,
             "^[^@,;<>[:space:][:cntrl:]]+@[^@,;<>[:space:][:cntrl:]]+[.][^@,;<>.[:space:][:cntrl:]]{2,}$"),
        Rule("phone_unfit", "phone", "pattern", "the phone number is none", "write it in the CRM as +49 30 1234567",
             "^[+][0-9]{7,15}$"),
        _text("name"),
        _country("the contact's"),
    ),
    "deal": (
        Rule("won_date_unreadable", "won_at", "present", "when it was won is no date", CORRECT),
        Rule("won_date_future", "won_at", "past", "it was won at a time that is yet to come", "correct it in the CRM, or wait"),
    ),
    "contract": (
        Rule("contract_number_missing", "number", "present", "the contract has no number; invoices refer to it",
             "enter it in the CRM"),
        _text("number"),
        Rule("contract_start_missing", "starts", "present", "the contract has no first day", "enter it in the CRM"),
        Rule("currency_unfit", "currency", "pattern", "the currency is not an ISO 4217 code such as EUR", CORRECT, "^[A-Z]{3}$"),
    ),
    "contract_line": (
        Rule("product_missing", "product", "present", "a line names no product",
             "enter the ERP's code of the product in the CRM"),
        _text("product"),
        _text("description", r"^[^\u0001-\u0009\u000b-\u001f\u007f]+$"),
    ),
    "receivable": (
        Rule("invoice_number_missing", "number", "present", "a posted invoice has no number", "look into it in the ERP"),
        Rule("currency_unfit", "currency", "pattern", "the currency is not an ISO 4217 code such as EUR", "correct it in the ERP",
             "^[A-Z]{3}$"),
    ),
    "customer": (
        Rule("customer_number_missing", "number", "present", "the customer has no number", "give it one in the ERP"),
        Rule("customer_number_shared", "number", "unique", "another customer has the same number",
             "give each a number of its own in the ERP"),
    ),
}  # fmt: skip
