"""Gather, check, decide, apply, settle: the machine that keeps the invariants, without Airflow."""
