"""A real ERP, a CRM sandbox, PostgreSQL and Airflow on one machine, with demo data; not part of the wheel."""
