"""Tryton as ERP."""
