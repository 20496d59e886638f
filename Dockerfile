# Airflow with Interlock and what it needs, for docker-compose.yaml: every dependency in its locked version, checked by hash.
FROM apache/airflow:3.3.2-python3.11
COPY locks/airflow.lock /opt/interlock/
RUN pip install --no-cache-dir --require-hashes -r /opt/interlock/airflow.lock
COPY pyproject.toml README.md /opt/interlock/
COPY include/interlock /opt/interlock/include/interlock
RUN pip install --no-cache-dir --no-deps /opt/interlock
