"""Pure decisions: (records, what is known) -> changes. No I/O, no clock, no Airflow."""
