"""`interlock.toml`, validated: every error names the key and the cure."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator

from interlock.config_contracts import ContractSettings
from interlock.domain.contact import ROLES
from interlock.domain.fields import FieldRule, completed, sound
from interlock.domain.maps import ValueMaps
from interlock.domain.matching import Rules as MatchingRules
from interlock.errors import ConfigurationError

CONFIG_VARIABLE = "INTERLOCK_CONFIG"
PositiveInt = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, so that a typing slip never passes as a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Endpoint(Section):
    """Where a system is and how to log in: an Airflow connection, never part of the file.

    url: scheme, host, port. database: Tryton's database name. token: a bearer token or API key.
    """

    url: str
    login: str = ""
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    database: str = ""


class HttpSettings(Section):
    """Time-outs in seconds, tries of safe calls, and the quota to stay within (`requests` in any `per_seconds`).

    sending_seconds: a batch that takes several writing calls begins none after that time.
    """

    connect_timeout: Seconds = 5
    read_timeout: Seconds = 30
    write_timeout: Seconds = 60
    sending_seconds: Seconds = 30
    tries: PositiveInt = 5
    backoff: Seconds = 0.5
    requests: PositiveInt = 190
    per_seconds: Seconds = 10


class CompanySettings(Section):
    """The company whose books the ERP keeps; `timezone` decides what "today" is."""

    timezone: str = "Europe/Berlin"

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """Refuse a name that the time zone database does not hold."""
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone; use a name such as Europe/Berlin") from None
        return value


ACCOUNT_PROPERTIES = {
    "legal_name": "name",
    "vat_id": "vat_id",
    "register_number": "register_number",
    "language": "language",
    "phone": "phone",
    "website": "website",
    "street": "address",
    "postal_code": "zip",
    "city": "city",
    "country": "country",
    "customer_number": "erp_customer_number",
    "sync_state": "erp_sync_state",
    "synced_at": "erp_synced_at",
    "owner": "hubspot_owner_id",
    "campaign": "source_campaign",
    "delivery_name": "",
    "delivery_street": "",
    "delivery_postal_code": "",
    "delivery_city": "",
    "delivery_country": "",
}
CONTACT_PROPERTIES = {
    "role": "role",
    "salutation": "salutation",
    "first_name": "firstname",
    "last_name": "lastname",
    "email": "email",
    "phone": "phone",
    "street": "address",
    "postal_code": "zip",
    "city": "city",
    "country": "country",
}
MANDATORY_PROPERTIES = (
    "legal_name", "vat_id", "register_number", "language", "phone", "website", "street", "postal_code", "city", "country",
    "customer_number", "sync_state", "synced_at", "role",
)  # fmt: skip


class CrmSettings(Section, ContractSettings):
    """The CRM: which connector, which connection, and the names its fields have there; "" says that it has no such field.

    contact_roles: our role -> values of the CRM's role property that mean it. private_property: marks an activity that never
    leaves the CRM. account_url: the page of an account, with {url} (the connection's), {portal} and {id}.
    """

    system: str = "hubspot"
    connection: str = "interlock_crm"
    api_version: str = "v3"
    won_stages: tuple[str, ...] = ("closedwon",)
    account: dict[str, str] = Field(default_factory=dict)
    contact: dict[str, str] = Field(default_factory=dict)
    contact_roles: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    private_property: str = "private"
    account_url: str = "https://app.hubspot.com/contacts/{portal}/record/0-2/{id}"
    settle_seconds: Seconds = 30
    overlap_seconds: Seconds = 300
    batch: Annotated[int, Field(ge=1, le=100)] = 100
    http: HttpSettings = HttpSettings()
    _maps: ValueMaps = PrivateAttr(default_factory=ValueMaps)

    @field_validator("account")
    @classmethod
    def known_fields(cls, value: dict[str, str]) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it needs."""
        return _mapping(value, ACCOUNT_PROPERTIES)

    @field_validator("contact")
    @classmethod
    def known_contact_fields(cls, value: dict[str, str]) -> dict[str, str]:
        """Refuse a field Interlock does not know, and a missing name for one it needs."""
        return _mapping(value, CONTACT_PROPERTIES)

    @field_validator("contact_roles")
    @classmethod
    def known_roles(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Refuse a role that does not go over."""
        if unknown := sorted(set(value) - set(ROLES)):
            raise ValueError(f"unknown role {', '.join(unknown)}; only these go over: {', '.join(ROLES)}")
        return value

    @field_validator("account_url")
    @classmethod
    def usable_url(cls, value: str) -> str:
        """Refuse an address without the account's id, or with a place that nothing fills."""
        if value and ("{id}" not in value or set(re.findall(r"{(.*?)}", value)) - {"url", "portal", "id"}):
            raise ValueError("needs {id}, may hold {url} and {portal}, and nothing else in braces")
        return value

    @property
    def account_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
        return {name: prop for name, prop in (ACCOUNT_PROPERTIES | self.account).items() if prop}

    @property
    def contact_properties(self) -> dict[str, str]:
        """Interlock's field name -> the CRM's property name, of the fields that the CRM has."""
        return {name: prop for name, prop in (CONTACT_PROPERTIES | self.contact).items() if prop}

    def roles_of(self, value: str) -> list[str]:
        """Return which of our roles the CRM's role property means; it may hold several, parted by semicolons."""
        held = {part.strip().casefold() for part in value.split(";")}
        return [role for role in ROLES if held & {word.casefold() for word in self.contact_roles.get(role, (role,))}]

    @property
    def maps(self) -> ValueMaps:
        """The value maps, which are a table of their own in the file: reading the CRM needs them."""
        return self._maps

    def with_maps(self, maps: ValueMaps) -> CrmSettings:
        """Return the same settings that read the CRM's values by these maps."""
        settings = self.model_copy()
        settings._maps = maps  # noqa: SLF001 - a copy of its own
        return settings


class ErpSettings(Section):
    """The ERP: which connector, which connection, which company in it."""

    system: str = "tryton"
    connection: str = "interlock_erp"
    company: str = ""
    settle_seconds: Seconds = 120
    overlap_seconds: Seconds = 120
    batch: Annotated[int, Field(ge=1, le=500)] = 100
    http: HttpSettings = HttpSettings(requests=1_000, per_seconds=1)


class CustomerSettings(Section):
    """How customers are made.

    number: `sequence` lets the ERP number them; `reserved` takes numbers `reserved_prefix` + counter from a range that
    nobody else uses, and then the ERP's unique code is our key. foreign_vat_id: whether a VAT id of another country than the
    account's holds the account back until a person releases it. payment_term is the ERP's own, set once on create.
    """

    number: Literal["sequence", "reserved"] = "sequence"
    reserved_prefix: str = "IL"
    reserved_digits: Annotated[int, Field(ge=4, le=12)] = 6
    payment_term: str = ""
    foreign_vat_id: Literal["hold", "accept"] = "hold"
    fields: Annotated[dict[str, FieldRule], Field(validate_default=True)] = {}

    @field_validator("fields", mode="before")
    @classmethod
    def known_fields(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Complete the table with what is usual; refuse fields that are unknown or finance's."""
        return completed(value) if isinstance(value, dict) else value

    @field_validator("fields")
    @classmethod
    def sound_fields(cls, value: dict[str, FieldRule]) -> dict[str, FieldRule]:
        """Refuse rules that no customer could be made by."""
        sound(value)
        return value


class LeadToCustomerSettings(Section):
    """The process `lead_to_customer`. `go_live` is mandatory: deals won before it are history, not work."""

    go_live: date
    schedule: str = "0 2 * * *"


class PrehistorySettings(Section):
    """What the ERP may know of an account's past: counts, one line an activity, or their texts too.

    purpose: why texts of correspondence go over, mandatory at level full. keep_months: then the note is removed again.
    """

    level: Literal["summary", "headlines", "full"] = "headlines"
    purpose: Annotated[str, Field(max_length=500)] = ""
    keep_months: Annotated[int, Field(ge=1, le=120)] = 36
    language: Literal["de", "en"] = "de"
    max_lines: Annotated[int, Field(ge=1, le=1_000)] = 200

    @model_validator(mode="after")
    def full_has_a_purpose(self) -> PrehistorySettings:
        """Refuse to hand over the texts of correspondence without a written reason."""
        if self.level == "full" and not self.purpose.strip():
            raise ValueError('level "full" hands over texts of correspondence; write the reason into prehistory.purpose')
        return self


class QualitySettings(Section):
    """A run stops before any write when more than `stop_share` of at least `minimum` checked records are rejected."""

    stop_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    minimum: PositiveInt = 20


class LimitSettings(Section):
    """Brakes: a run that wants more than this waits for a person's approval, all of it."""

    max_creates: PositiveInt = 500
    max_updates: PositiveInt = 2_000


class EngineSettings(Section):
    """How patient the engine is.

    Leases must outlive a connector's write time-outs. `deadline` ends one apply step, which then goes on next time. A change
    that is open for `waiting_days` goes to quarantine, and stays open.
    """

    lease_seconds: Seconds = 120
    poll_seconds: Seconds = 1
    deadline: Seconds = 900
    waiting_days: Annotated[float, Field(gt=0, le=365)] = 3
    page: PositiveInt = 1_000


class AirflowSettings(Section):
    """How Airflow runs the tasks: it tries one again `retry_seconds` after a passing fault or the death of its worker."""

    retry_seconds: Seconds = 30


class Settings(Section):
    """The whole file."""

    company: CompanySettings = CompanySettings()
    crm: CrmSettings = CrmSettings()
    erp: ErpSettings = ErpSettings()
    customers: CustomerSettings = CustomerSettings()
    maps: ValueMaps = ValueMaps()
    lead_to_customer: LeadToCustomerSettings
    prehistory: PrehistorySettings = PrehistorySettings()
    quality: QualitySettings = QualitySettings()
    limits: LimitSettings = LimitSettings()
    matching: MatchingRules = MatchingRules()
    engine: EngineSettings = EngineSettings()
    airflow: AirflowSettings = AirflowSettings()
    database: str = "interlock_db"

    @model_validator(mode="after")
    def leases_outlive_calls(self) -> Settings:
        """Refuse a lease that could end while a write is still on its way (invariant 3)."""
        slowest = max(s.http.sending_seconds + s.http.connect_timeout + s.http.write_timeout for s in (self.crm, self.erp))
        if self.engine.lease_seconds <= slowest:
            raise ValueError(
                f"engine.lease_seconds ({self.engine.lease_seconds:g}) must exceed the slowest write"
                f" ({slowest:g}: http.sending_seconds and the time-outs of one call)"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.company.timezone)

    @property
    def hash(self) -> str:
        """Changes when a setting that decides business changes; a subject decided under another one is work again."""
        business = self.model_dump_json(
            include={"company", "crm", "customers", "maps", "matching", "lead_to_customer", "prehistory"}
        )
        return hashlib.sha256(business.encode()).hexdigest()[:16]

    @property
    def reading(self) -> str:
        """Changes when a setting changes how the CRM's records read; all of them are then read anew."""
        how: dict[str, object] = {
            "account": self.crm.account_properties,
            "won": self.crm.won_stages,
            "maps": self.maps.model_dump(),
        }
        how |= self.crm.contract_reading
        return hashlib.sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()[:16]


def parse(text: str, source: str = "interlock.toml") -> Settings:
    """Read settings from TOML text; raises ConfigurationError naming each wrong key and its cure."""
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not TOML: {error}") from None
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'file'}: {_cure(e['type'], e['msg'])}" for e in error.errors()]
        raise ConfigurationError(f"{source} has {len(lines)} error(s):\n" + "\n".join(lines)) from None


def load(path: Path | None = None) -> Settings:
    """Read the file at `path`, else at $INTERLOCK_CONFIG, else ./interlock.toml."""
    path = path or Path(os.environ.get(CONFIG_VARIABLE, "interlock.toml"))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}; set {CONFIG_VARIABLE} or pass --config") from None
    return parse(text, path.name)


def _mapping(value: dict[str, str], usual: dict[str, str]) -> dict[str, str]:
    if unknown := sorted(set(value) - set(usual)):
        raise ValueError(f"unknown field {', '.join(unknown)}; known are {', '.join(usual)}")
    if empty := sorted(name for name, prop in value.items() if name in MANDATORY_PROPERTIES and not prop):
        raise ValueError(f"{', '.join(empty)} needs the name of a property")
    return value


def _cure(kind: str, message: str) -> str:
    if kind == "missing":
        return "is missing; add it"
    if kind == "extra_forbidden":
        return "is not a setting; check its spelling"
    return message.removeprefix("Value error, ")
