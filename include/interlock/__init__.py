"""Interlock meshes a company's CRM and its ERP on Apache Airflow."""

__version__ = "0.1.0"
