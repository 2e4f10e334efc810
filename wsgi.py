"""The application for `flask --app wsgi` and for web servers."""

from volunteer_hub.app import create_app

app = create_app()
