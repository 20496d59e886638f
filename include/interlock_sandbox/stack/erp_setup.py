"""Set up an empty Tryton for the demo company; run by the ERP's own Python with proteus, never by Interlock's.

Usage: erp_setup.py CONFIG DATABASE, with the API user's password on standard input.
"""

import datetime as dt
import sys
from decimal import Decimal

from proteus import Model, Wizard, config

COUNTRIES = {
    "AT": "Austria", "BE": "Belgium", "CH": "Switzerland", "CZ": "Czechia", "DE": "Germany", "DK": "Denmark", "ES": "Spain",
    "FI": "Finland", "FR": "France", "GB": "United Kingdom", "IE": "Ireland", "IT": "Italy", "LU": "Luxembourg",
    "NL": "Netherlands", "NO": "Norway", "PL": "Poland", "PT": "Portugal", "SE": "Sweden", "US": "United States",
}  # fmt: skip
LANGUAGES = ["de", "en", "fr", "nl"]
TAXES = (
    ("USt 19 %", "0.19", ""),
    ("USt 7 %", "0.07", ""),
    ("USt 0 %", "0", ""),
    ("Reverse Charge", "0", "Steuerschuldnerschaft des Leistungsempfängers"),
)
SERVICES = (("WARTUNG", "Wartungsvertrag", "149.50"), ("FERN", "Fernwartung", "39.00"), ("PRUEF", "Jahresprüfung", "480.00"))
GROUPS = ["Accounting", "Payment"]


def main(configuration, database):
    password = sys.stdin.readline().strip()
    config.set_trytond(f"postgresql:///{database}", config_file=configuration)
    company = set_up_company()
    give_company(company)
    accounts = set_up_accounts(company)
    set_up_years(company)
    taxes = set_up_taxes(company, accounts["tax"])
    set_up_payment(company, accounts["cash"])
    set_up_products(accounts, taxes)
    add_api_user(company, password)


def ref(model, module, name):
    """Return the record that a module declares under a name in its data files."""
    (entry,) = Model.get("ir.model.data").find([("module", "=", module), ("fs_id", "=", name)])
    return Model.get(model)(entry.db_id)


def set_up_company():
    Country, Currency, Party = Model.get("country.country"), Model.get("currency.currency"), Model.get("party.party")
    for code, name in COUNTRIES.items():
        Country(code=code, name=name).save()
    for language in Model.get("ir.lang").find([("code", "in", LANGUAGES)]):
        language.translatable = True
        language.save()
    euro = Currency(name="Euro", symbol="€", code="EUR", numeric_code="978", rounding=Decimal("0.01"), digits=2)
    euro.rates.new(date=dt.date(2000, 1, 1), rate=Decimal(1))
    euro.save()
    party = Party(name="Muster Maschinenbau GmbH", code="COMPANY")
    address = party.addresses[0] if party.addresses else party.addresses.new()
    address.street_unstructured, address.postal_code, address.city = "Werkstraße 1", "70173", "Stuttgart"
    (address.country,) = Country.find([("code", "=", "DE")])
    party.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency, wizard.form.timezone = party, euro, "Europe/Berlin"
    wizard.execute("add")
    (company,) = Model.get("company.company").find([])
    return company


def give_company(company):
    User = Model.get("res.user")
    admin = User(config.get_config().user)
    if company not in admin.companies:
        admin.companies.append(company)
    admin.company = company
    admin.save()
    config.get_config()._context = User.get_preferences(True, {})


def set_up_accounts(company):
    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    wizard.form.account_template = ref("account.account.template", "account", "account_template_root_de")
    wizard.form.company = company
    wizard.execute("create_account")
    Account, Type = Model.get("account.account"), Model.get("account.account.type")

    def find(kind):
        return Account.find([(f"type.{kind}", "=", True), ("closed", "=", False)], order=[("code", "ASC")], limit=1)[0]

    def add(code, name, kind, parent):
        template = ref("account.account.type.template", "account", f"account_type_template_{kind}_de")
        (type_,) = Type.find([("template", "=", template.id)])
        (above,) = Account.find([("code", "=", parent)])
        account = Account(code=code, name=name, company=company, type=type_, parent=above)
        account.save()
        return account

    wizard.form.account_receivable, wizard.form.account_payable = find("receivable"), find("payable")
    wizard.execute("create_properties")
    return {
        "revenue": find("revenue"),
        "expense": find("expense"),
        "cash": add("1.1.9", "Bank", "cash", "1.1.0"),
        "tax": add("2.2.9", "Umsatzsteuer", "current_tax", "2.2.0"),
    }


def set_up_years(company):
    Sequence, Year = Model.get("ir.sequence.strict"), Model.get("account.fiscalyear")
    for year in (2025, 2026, 2027):
        entry = Year(name=str(year), company=company, start_date=dt.date(year, 1, 1), end_date=dt.date(year, 12, 31))
        entry.move_sequence = Sequence(
            name=f"Buchungen {year}", sequence_type=ref("ir.sequence.type", "account", "sequence_type_account_move"), company=company
        )
        entry.move_sequence.save()
        row = entry.invoice_sequences[0] if entry.invoice_sequences else entry.invoice_sequences.new()
        for name, title, prefix in (
            ("out_invoice_sequence", "Rechnungen", "RE"),
            ("out_credit_note_sequence", "Rechnungskorrekturen", "RK"),
            ("in_invoice_sequence", "Eingangsrechnungen", "ER"),
            ("in_credit_note_sequence", "Eingangskorrekturen", "EK"),
        ):
            kind = ref("ir.sequence.type", "account_invoice", "sequence_type_account_invoice")
            numbers = Sequence(name=f"{title} {year}", sequence_type=kind, company=company, prefix=f"{prefix}{year}-", padding=5)
            numbers.save()
            setattr(row, name, numbers)
        entry.save()
        entry.click("create_period")


def set_up_taxes(company, account):
    Tax, Group = Model.get("account.tax"), Model.get("account.tax.group")
    group = Group(name="Umsatzsteuer", code="UST", kind="sale")
    group.save()
    taxes = []
    for name, rate, notice in TAXES:
        tax = Tax(name=name, description=name, group=group, type="percentage", rate=Decimal(rate), company=company)
        tax.invoice_account = tax.credit_note_account = account
        tax.legal_notice = notice
        tax.save()
        taxes.append(tax)
    return taxes


def set_up_payment(company, cash):
    term = Model.get("account.invoice.payment_term")(name="30 days")
    line = term.lines.new(type="remainder")
    line.relativedeltas.new(days=30)
    term.save()
    (journal,) = Model.get("account.journal").find([("type", "=", "cash")], limit=1)
    method = Model.get("account.invoice.payment.method")(name="Bank", company=company, journal=journal)
    method.debit_account = method.credit_account = cash
    method.save()


def set_up_products(accounts, taxes):
    category = Model.get("product.category")(name="Dienstleistungen 19 %", accounting=True)
    category.account_revenue, category.account_expense = accounts["revenue"], accounts["expense"]
    category.customer_taxes.append(Model.get("account.tax")(taxes[0].id))
    category.save()
    unit = ref("product.uom", "product", "uom_unit")
    for code, name, price in SERVICES:
        template = Model.get("product.template")(name=name, type="service", default_uom=unit, list_price=Decimal(price))
        template.account_category = category
        template.products[0].suffix_code = code
        template.save()


def add_api_user(company, password):
    User, Group = Model.get("res.user"), Model.get("res.group")
    user = User(name="Interlock", login="interlock", password=password)
    for group in Group.find([("name", "in", GROUPS)]):
        user.groups.append(Group(group.id))
    user.companies.append(company)
    user.save()
    user.company = company
    user.save()


main(*sys.argv[1:])
