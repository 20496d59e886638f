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
TAXES = (  # name, as it is printed, rate, legal notice
    ("19 %", "USt 19 %", "0.19", ""), ("7 %", "USt 7 %", "0.07", ""),
    ("16 %", "USt 16 %", "0.16", ""), ("5 %", "USt 5 %", "0.05", ""),
    ("AE", "Reverse Charge", "0", "Steuerschuldnerschaft des Leistungsempfängers (Reverse charge)"),
    ("K", "Innergemeinschaftliche Lieferung", "0", "Steuerfreie innergemeinschaftliche Lieferung (§ 4 Nr. 1 Buchst. b, § 6a UStG)"),
    ("G", "Ausfuhrlieferung", "0", "Steuerfreie Ausfuhrlieferung (§ 4 Nr. 1 Buchst. a, § 6 UStG)"),
    ("O", "Nicht steuerbar", "0", ""),
)  # fmt: skip
ACCOUNTS = {
    "receivable": "1.2.1", "payable": "2.1.1", "revenue": "4.2.2", "goods": "4.1.1", "expense": "5.1.3", "bank": "1.1.1",
    "tax": "2.2.3",
}  # fmt: skip
CATEGORIES = {"Dienstleistungen": ("revenue", "19 %"), "Waren": ("goods", "19 %"), "Druckwerke": ("goods", "7 %")}
PRODUCTS = (  # code, name, type, unit, list price, category
    ("WARTUNG", "Wartungsvertrag", "service", "u", "149.50", "Dienstleistungen"),
    ("FERNWARTUNG", "Fernwartung", "service", "u", "39.00", "Dienstleistungen"),
    ("SOFTWAREPFLEGE", "Softwarepflege", "service", "u", "240.00", "Dienstleistungen"),
    ("HOSTING", "Hosting", "service", "u", "89.00", "Dienstleistungen"),
    ("SUPPORT", "Supportstunden", "service", "h", "120.00", "Dienstleistungen"),
    ("EINRICHTUNG", "Einrichtung", "service", "u", "480.00", "Dienstleistungen"),
    ("ERSATZTEIL", "Ersatzteil", "goods", "u", "89.90", "Waren"),
    ("HANDBUCH", "Betriebshandbuch, gedruckt", "goods", "u", "45.00", "Druckwerke"),
)
RIGHTS = ("Accounting",)


def main(configuration, database):
    password = sys.stdin.readline().strip()
    config.set_trytond(f"postgresql:///{database}", config_file=configuration)
    company = set_up_company()
    config.get_config()._context = Model.get("res.user").get_preferences(True, config.get_config().context)
    accounts = set_up_accounts(company)
    set_up_years(company)
    taxes = set_up_taxes(company, accounts["tax"])
    set_up_products(accounts, taxes)
    set_up_payment(company, accounts["bank"])
    add_api_user(company, password)


def set_up_company():
    Country, Currency, Party = Model.get("country.country"), Model.get("currency.currency"), Model.get("party.party")
    for code, name in COUNTRIES.items():
        Country(code=code, name=name).save()
    euro = Currency(name="Euro", symbol="€", code="EUR", numeric_code="978", rounding=Decimal("0.01"), digits=2)
    euro.rates.new(date=dt.date(2000, 1, 1), rate=Decimal(1))
    euro.save()
    (german,) = Model.get("ir.lang").find([("code", "=", "de")])
    party = Party(name="Muster Maschinenbau GmbH", code="COMPANY", lang=german)
    (germany,) = Country.find([("code", "=", "DE")])
    (place,) = party.addresses
    place.street, place.postal_code, place.city, place.country = "Werkstraße 1", "30159", "Hannover", germany
    party.identifiers.new(type="eu_vat", code="DE136695976")
    party.save()
    numbers = Model.get("party.configuration")(1).party_sequence
    numbers.number_next = 10_001
    numbers.save()
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency, wizard.form.timezone = party, euro, "Europe/Berlin"
    wizard.execute("add")
    (company,) = Model.get("company.company").find([], limit=1)
    return company


def set_up_accounts(company):
    """Make the universal chart with German labels, and return its accounts that the rest of the set-up needs."""
    Account = Model.get("account.account")
    root = Model.get("ir.model.data").get_id("account", "account_template_root_de", config.get_config().context)
    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    wizard.form.account_template, wizard.form.company = Model.get("account.account.template")(root), company
    wizard.execute("create_account")
    accounts = {name: Account.find([("code", "=", code), ("company", "=", company.id)])[0] for name, code in ACCOUNTS.items()}
    for name in ("receivable", "payable"):
        setattr(wizard.form, f"account_{name}", accounts[name])
    for name in ("revenue", "expense"):
        setattr(wizard.form, f"category_account_{name}", accounts[name])
    wizard.execute("create_properties")
    return accounts


def set_up_years(company):
    Sequence, Loose = Model.get("ir.sequence.strict"), Model.get("ir.sequence")
    Year, Kind = Model.get("account.fiscalyear"), Model.get("ir.sequence.type")
    (invoices,), (moves,) = Kind.find([("name", "=", "Invoice")]), Kind.find([("name", "=", "Account Move")])
    mover = Sequence if Year._fields["move_sequence"]["relation"] == "ir.sequence.strict" else Loose
    this = dt.datetime.now(dt.UTC).year
    for year in (this - 1, this, this + 1):
        entry = Year(name=str(year), company=company, start_date=dt.date(year, 1, 1), end_date=dt.date(year, 12, 31))
        entry.move_sequence = mover(name=f"Moves {year}", sequence_type=moves, company=company)
        entry.move_sequence.save()
        numbers = Sequence(name=f"Invoices {year}", sequence_type=invoices, company=company, prefix=f"RE{year}-", padding=5)
        numbers.save()
        row = entry.invoice_sequences[0] if entry.invoice_sequences else entry.invoice_sequences.new()
        for name in ("out_invoice_sequence", "out_credit_note_sequence", "in_invoice_sequence", "in_credit_note_sequence"):
            setattr(row, name, numbers)
        entry.save()
        entry.click("create_period")


def set_up_taxes(company, account):
    group = Model.get("account.tax.group")(name="Umsatzsteuer", code="UST", kind="sale")
    group.save()
    taxes = {}
    for name, printed, rate, notice in TAXES:
        tax = Model.get("account.tax")(name=name, description=printed, group=group, type="percentage", company=company)
        tax.rate, tax.invoice_account, tax.credit_note_account, tax.legal_notice = Decimal(rate), account, account, notice
        tax.save()
        taxes[name] = tax
    return taxes


def set_up_products(accounts, taxes):
    categories, unit = {}, Model.get("product.uom")
    for name, (revenue, tax) in CATEGORIES.items():
        category = Model.get("product.category")(name=name, accounting=True)
        category.account_revenue, category.account_expense = accounts[revenue], accounts["expense"]
        category.customer_taxes.append(Model.get("account.tax")(taxes[tax].id))
        category.save()
        categories[name] = category
    for code, name, kind, symbol, price, category in PRODUCTS:
        product = Model.get("product.template")(name=name, code=code, type=kind, list_price=Decimal(price))
        (product.default_uom,) = unit.find([("symbol", "=", symbol)], limit=1)
        product.account_category = categories[category]
        product.save()


def set_up_payment(company, bank):
    term = Model.get("account.invoice.payment_term")(name="30 days")
    term.lines.new(type="remainder").relativedeltas.new(days=30)
    term.save()
    (journal,) = Model.get("account.journal").find([("type", "=", "cash")], limit=1)
    method = Model.get("account.invoice.payment.method")(name="Bank transfer", company=company, journal=journal)
    method.credit_account = method.debit_account = bank
    method.save()


def add_api_user(company, password):
    """Add the user Interlock logs in as: parties by everyone's rights, invoices by the accounting group, no administration."""
    user = Model.get("res.user")(name="Interlock", login="interlock", password=password)
    groups = Model.get("res.group").find([("name", "in", RIGHTS)])
    assert len(groups) == len(RIGHTS)
    user.groups.extend(groups)
    user.companies.append(company)
    user.company = company
    user.save()


main(*sys.argv[1:])
