"""Odoo 17 to 19 as an ERP."""
