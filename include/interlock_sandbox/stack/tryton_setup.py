"""Set up an empty Tryton for the demo company; run by the ERP's own Python with proteus, never by Interlock's.

Usage: tryton_setup.py CONFIG DATABASE, with the API user's password on standard input.
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
TAXES = (("USt 19 %", "0.19"), ("USt 7 %", "0.07"), ("USt 0 %", "0"), ("Reverse charge", "0"))


def main(configuration, database):
    password = sys.stdin.readline().strip()
    config.set_trytond(f"postgresql:///{database}", config_file=configuration)
    company = set_up_company()
    config.get_config()._context = Model.get("res.user").get_preferences(True, config.get_config().context)
    tax_account = set_up_accounts(company)
    set_up_years(company)
    set_up_taxes(company, tax_account)
    set_up_terms_and_products()
    add_api_user(company, password)


def set_up_company():
    Country, Currency, Party = Model.get("country.country"), Model.get("currency.currency"), Model.get("party.party")
    for code, name in COUNTRIES.items():
        Country(code=code, name=name).save()
    for language in Model.get("ir.lang").find([("code", "in", ["de", "en", "fr", "nl"])]):
        language.translatable = True
        language.save()
    euro = Currency(name="Euro", symbol="€", code="EUR", numeric_code="978", rounding=Decimal("0.01"), digits=2)
    euro.rates.new(date=dt.date(2000, 1, 1), rate=Decimal(1))
    euro.save()
    party = Party(name="Muster Maschinenbau GmbH", code="COMPANY")
    party.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency, wizard.form.timezone = party, euro, "Europe/Berlin"
    wizard.execute("add")
    (company,) = Model.get("company.company").find([], limit=1)
    return company


def set_up_accounts(company):
    Account = Model.get("account.account")
    (root,) = Model.get("account.account.template").find([("parent", "=", None)], limit=1)
    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    wizard.form.account_template, wizard.form.company = root, company
    wizard.execute("create_account")
    for name in ("receivable", "payable"):
        (account,) = Account.find([(f"type.{name}", "=", True), ("closed", "=", False)], limit=1)
        setattr(wizard.form, f"account_{name}", account)
    wizard.execute("create_properties")
    (tax,) = Account.find([("code", "=", "2.2.3")], limit=1)
    return tax


def set_up_years(company):
    Sequence, Loose = Model.get("ir.sequence.strict"), Model.get("ir.sequence")
    Year, Kind = Model.get("account.fiscalyear"), Model.get("ir.sequence.type")
    (invoices,), (moves,) = Kind.find([("name", "=", "Invoice")]), Kind.find([("name", "=", "Account Move")])
    mover = Sequence if Year._fields["move_sequence"]["relation"] == "ir.sequence.strict" else Loose
    for year in (2025, 2026, 2027):
        entry = Year(name=str(year), company=company, start_date=dt.date(year, 1, 1), end_date=dt.date(year, 12, 31))
        entry.move_sequence = mover(name=f"Moves {year}", sequence_type=moves, company=company)
        entry.move_sequence.save()
        numbers = Sequence(name=f"Invoices {year}", sequence_type=invoices, company=company, prefix=f"RE{year}-")
        numbers.save()
        row = entry.invoice_sequences[0] if entry.invoice_sequences else entry.invoice_sequences.new()
        for name in ("out_invoice_sequence", "out_credit_note_sequence", "in_invoice_sequence", "in_credit_note_sequence"):
            setattr(row, name, numbers)
        entry.save()
        entry.click("create_period")


def set_up_taxes(company, account):
    group = Model.get("account.tax.group")(name="Umsatzsteuer", code="UST", kind="sale")
    group.save()
    for name, rate in TAXES:
        tax = Model.get("account.tax")(name=name, description=name, group=group, type="percentage", company=company)
        tax.rate, tax.invoice_account, tax.credit_note_account = Decimal(rate), account, account
        tax.save()


def set_up_terms_and_products():
    term = Model.get("account.invoice.payment_term")(name="30 days")
    term.lines.new(type="remainder").relativedeltas.new(days=30)
    term.save()
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")], limit=1)
    for name, price in (("Wartungsvertrag", "149.50"), ("Fernwartung", "39.00")):
        Model.get("product.template")(name=name, type="service", default_uom=unit, list_price=Decimal(price)).save()


def add_api_user(company, password):
    user = Model.get("res.user")(name="Interlock", login="interlock", password=password)
    for group in Model.get("res.group").find([]):
        if "Administration" not in group.name:
            user.groups.append(Model.get("res.group")(group.id))
    user.companies.append(company)
    user.company = company
    user.save()


main(*sys.argv[1:])
