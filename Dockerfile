FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt .
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --create-home kamplan && install -d -o kamplan /srv/kamplan /erasures
WORKDIR /srv/kamplan
COPY --from=packages /opt/venv /opt/venv
COPY --chown=kamplan . .
USER kamplan
# The key is used for nothing here; the real one comes with the environment.
RUN install -d var && KAMPLAN_PROCESS=web SECRET_KEY=only-for-collecting-static-files \
    python manage.py collectstatic --no-input --verbosity=0
EXPOSE 8000
ENV KAMPLAN_PROCESS=web
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': 'localhost'}), timeout=4)"]
CMD ["granian", "--interface", "wsgi", "kamplan.wsgi:application", "--host", "0.0.0.0", "--port", "8000", \
    "--workers", "2", "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers"]
