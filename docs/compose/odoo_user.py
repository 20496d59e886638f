"""Prepare a new Odoo for Interlock, in `odoo shell`: a German company, a sequence, a user with a key (docs/odoo.md).

Prints the key. For systems to try things on; in a real one a person does this in Odoo's settings.
"""

# ruff: noqa: DTZ005, F821, INP001, SLF001, T201 - `env` is given by odoo shell; Odoo keeps times without a zone
from datetime import datetime, timedelta

LOGIN, CHART = "interlock", "de_skr03"
GROUPS = ("base.group_user", "base.group_partner_manager", "account.group_account_invoice")

company = env.company
germany, per_invoice = env.ref("base.de").id, "round_globally"
company.write({"name": "Muster GmbH", "country_id": germany, "tax_calculation_rounding_method": per_invoice})
env["res.lang"]._activate_lang("de_DE")
if company.chart_template != CHART:
    env["account.chart.template"].try_loading(CHART, company, install_demo=False)
if not env["ir.sequence"].search([("code", "=", "res.partner")]):
    env["ir.sequence"].create({"name": "Customers", "code": "res.partner", "prefix": "K", "padding": 5})
if not env["product.product"].search([("default_code", "=", "WARTUNG")]):
    env["product.product"].create({"name": "Wartung", "default_code": "WARTUNG", "type": "service", "list_price": 100})
user = env["res.users"].search([("login", "=", LOGIN)])
if not user:
    groups = [env.ref(name).id for name in GROUPS]
    values = {"name": "Interlock", "login": LOGIN, "email": f"{LOGIN}@example.com"}
    field = "group_ids" if "group_ids" in env["res.users"] else "groups_id"  # up to 18
    user = env["res.users"].with_context(no_reset_password=True).create(values | {field: [(6, 0, groups)]})
user.tz = "Europe/Berlin"
ends = datetime.now() + timedelta(days=80)
limits = [ends] if "expiration_date" in env["res.users.apikeys"] else []  # in 17 keys do not end
key = env["res.users.apikeys"].with_user(user)._generate("rpc", "interlock", *limits)
env.cr.commit()
env.registry.signal_changes()  # the server beside this shell forgets what it knew
print(f"connection interlock_erp: login {LOGIN}, password {key}, until {ends:%Y-%m-%d}; chart {company.chart_template}")
