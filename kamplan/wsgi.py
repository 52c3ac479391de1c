import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamplan.settings")

application = get_wsgi_application()
# What has been loaded by now stays: looking through it again and again for garbage takes 100 ms each time.
gc.collect()
gc.freeze()
