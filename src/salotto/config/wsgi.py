"""Django's pages, as WSGI: run in threads behind the bridge of `config.asgi`."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
