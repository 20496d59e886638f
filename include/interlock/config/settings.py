"""The whole of `interlock.toml`, and what a change of it changes."""

from __future__ import annotations

import hashlib
import json
from zoneinfo import ZoneInfo

from pydantic import model_validator

from interlock.config.crm import CrmSettings
from interlock.config.engine import AirflowSettings, CompanySettings, EngineSettings
from interlock.config.erp import CustomerSettings, ErpSettings
from interlock.config.processes import (
    ApprovalSettings,
    LeadToCustomerSettings,
    LimitSettings,
    PaymentToCrmStatusSettings,
    PrehistorySettings,
    QualitySettings,
    RenewalToInvoiceSettings,
)
from interlock.config.section import Section
from interlock.domain.billing_rules import BillingRules, RenewalRules, Seller
from interlock.domain.maps import ValueMaps
from interlock.domain.matching import Rules as MatchingRules
from interlock.domain.receivable_rules import BankRules, DueRules, DunningRules, PaymentRules
from interlock.domain.tax_table import TaxRules
from interlock.errors import ConfigurationError

CALLS = {"http", "batch", "settle_seconds", "overlap_seconds"}  # how a system is spoken to decides about nothing
LEADS = {"company", "crm", "customers", "maps", "matching", "lead_to_customer", "prehistory"}
INVOICES = {"company", "crm", "billing", "renewal", "tax", "seller"}
RECEIVABLES = {"company", "crm", "payments", "due", "dunning", "bank"}


class Settings(Section):
    """The whole file."""

    company: CompanySettings = CompanySettings()
    crm: CrmSettings = CrmSettings()
    erp: ErpSettings = ErpSettings()
    customers: CustomerSettings = CustomerSettings()
    maps: ValueMaps = ValueMaps()
    lead_to_customer: LeadToCustomerSettings
    renewal_to_invoice: RenewalToInvoiceSettings = RenewalToInvoiceSettings()
    billing: BillingRules | None = None
    renewal: RenewalRules = RenewalRules()
    tax: TaxRules = TaxRules()
    seller: Seller = Seller()
    payment_to_crm_status: PaymentToCrmStatusSettings = PaymentToCrmStatusSettings()
    payments: PaymentRules = PaymentRules()
    due: DueRules = DueRules()
    dunning: DunningRules = DunningRules()
    bank: BankRules = BankRules()
    prehistory: PrehistorySettings = PrehistorySettings()
    quality: QualitySettings = QualitySettings()
    limits: LimitSettings = LimitSettings()
    approval: ApprovalSettings = ApprovalSettings()
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
    def billing_rules(self) -> BillingRules:
        """The table [billing]; raises ConfigurationError when the file has none, for nobody can guess the go-live."""
        if self.billing is None:
            raise ConfigurationError(
                "interlock.toml has no table [billing]; write it with go_live, the day from which to invoice"
            )
        return self.billing

    @property
    def leads_hash(self) -> str:
        """Changes when a setting that decides about customers changes; one decided under another is work again."""
        return self._hash(LEADS)

    @property
    def invoices_hash(self) -> str:
        """Changes when a setting that decides about invoices changes; a contract decided under another is work again."""
        return self._hash(INVOICES)

    @property
    def receivables_hash(self) -> str:
        """Changes when a setting that decides about payments changes; an account decided under another is work again."""
        return self._hash(RECEIVABLES)

    @property
    def hash(self) -> str:
        """Changes when any setting changes that decides business."""
        return self._hash(LEADS | INVOICES | RECEIVABLES)

    def _hash(self, tables: set[str]) -> str:
        return hashlib.sha256(self.model_dump_json(include=tables, exclude={"crm": CALLS}).encode()).hexdigest()[:16]

    @property
    def reading(self) -> str:
        """Changes when a setting changes how the CRM's records read; all of them are then read anew."""
        how = {
            "account": self.crm.account_properties, "contact": self.crm.contact_properties, "roles": self.crm.contact_roles,
            "won": self.crm.won_stages, "maps": self.maps.model_dump(),
        }  # fmt: skip
        how |= self.crm.contract_reading | self.crm.balance_reading
        return hashlib.sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()[:16]
