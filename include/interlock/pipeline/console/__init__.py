"""The operator's console: pages in the Airflow UI, behind Airflow's login (invariant 12)."""
