"""How every form of ours is drawn: one field template gives label, help and error."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    field_template_name = "_components/field.html"
