"""The thin Airflow wrapping of the engine."""
