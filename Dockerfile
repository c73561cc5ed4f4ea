# Two stages: the first makes a virtual environment from the lock, the second runs it and has no
# compiler, no pip cache and no root.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/callgate
COPY requirements.lock requirements-build.lock ./
RUN /opt/callgate/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY gateway gateway
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/callgate/bin/pip install --no-cache-dir --no-deps /wheels/*.whl \
    && /opt/callgate/bin/python -m pip uninstall --yes pip

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/callgate --create-home callgate
COPY --from=build /opt/callgate /opt/callgate
ENV PATH=/opt/callgate/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER callgate
WORKDIR /var/lib/callgate
VOLUME /var/lib/callgate
EXPOSE 8080
# Mount the configuration at this path, with bind = "0.0.0.0:8080" and the store in /var/lib/callgate.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/-/live', timeout=2)"]
ENTRYPOINT ["callgate"]
CMD ["serve", "/etc/callgate/gateway.toml"]
