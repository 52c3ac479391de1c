from django.contrib.admin.apps import AdminConfig


class PanelConfig(AdminConfig):
    """Django's admin with our walls in front."""

    default_site = "kamplan.admin_site.Panel"
