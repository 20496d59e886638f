"""Frozen models and value types of the trade; no I/O, no clock."""
