# One image for every role; docker-compose.yml says what each runs. Nothing in it is secret, and nothing runs as root.

FROM python:3.11-slim AS wheel
WORKDIR /source
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
COPY workers ./workers
RUN pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim AS installed
RUN python -m venv /opt/orderpipe
ENV PATH=/opt/orderpipe/bin:$PATH
COPY requirements-run.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-run.lock
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-index /wheels/*.whl

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --home-dir /var/lib/orderpipe --create-home orderpipe
COPY --from=installed /opt/orderpipe /opt/orderpipe
ENV PATH=/opt/orderpipe/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ORDERPIPE_DATA=/var/lib/orderpipe
WORKDIR /var/lib/orderpipe
USER orderpipe
STOPSIGNAL SIGTERM
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "workers.health", "http://127.0.0.1:8000/readyz"]
CMD ["uvicorn", "--factory", "orderpipe.site:create_site", "--host", "0.0.0.0", "--port", "8000", "--no-access-log"]
