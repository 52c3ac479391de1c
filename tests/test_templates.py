"""Rules for all templates, and the shared components drawn with real values."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.template.loader import get_template, render_to_string

from kamplan.charts import WaterfallRow
from kamplan.components import KpiGroup, KpiRow

ROOT = Path(settings.BASE_DIR)
# Mail has no stylesheet of its own and needs none of the browser's rules.
TEMPLATES = [path for path in sorted((ROOT / "templates").rglob("*.html")) if "emails" not in path.parts]
STATIC = ROOT / "static"

FORBIDDEN = {
    "inline style": r"""\sstyle\s*=""",
    "style element": r"<style\b",
    "script without src": r"<script(?![^>]*\ssrc=)(?![^>]*type=.application/json)[^>]*>",
    "inline handler": r"""\son[a-z]+\s*=\s*["']""",
    "hx-on": r"\bhx-on\b",
    "hx-vars or js:": r"hx-vars|\bjs:|javascript:",
    "trigger filter": r"""hx-trigger\s*=\s*["'][^"']*\[""",
    "safe filter": r"\|\s*safe\b|\bautoescape off\b",
    "another origin": r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_holds_nothing_that_the_content_policy_refuses(path: Path) -> None:
    text = path.read_text()
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)]
    assert not found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_compiles_and_its_icons_exist(path: Path) -> None:
    get_template(str(path.relative_to(ROOT / "templates")))
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img/icons.svg").read_text()))
    assert set(re.findall(r"""\{% icon ["']([^"']+)["']""", path.read_text())) <= sprite


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_form_that_posts_carries_its_token(path: Path) -> None:
    forms = re.findall(
        r"<form\b[^>]*method=[\"']post[\"'].*?</form>", path.read_text(), re.IGNORECASE | re.DOTALL
    )
    assert all("csrf_token" in form for form in forms)


@pytest.mark.parametrize(
    "entry", json.loads((STATIC / "vendor/VENDOR.json").read_text()), ids=lambda e: e["package"]
)
def test_vendored_files_are_what_the_list_says(entry: dict[str, object]) -> None:
    content = (STATIC / str(entry["file"])).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert len(content) == entry["bytes"]
    assert b"sourceMappingURL" not in content
    assert (STATIC / str(entry["licence_file"])).stat().st_size > 200
    assert entry["licence"] and entry["version"]


def test_every_vendored_file_is_listed() -> None:
    listed = {str(entry["file"]) for entry in json.loads((STATIC / "vendor/VENDOR.json").read_text())}
    vendored = {str(path.relative_to(STATIC)) for path in (STATIC / "vendor").rglob("*.js")}
    assert vendored <= listed


def test_stylesheet_and_scripts_stay_light() -> None:
    assert (STATIC / "css/app.css").stat().st_size < 40_000
    scripts = {path.name: path.stat().st_size for path in (STATIC / "js").glob("*.js")}
    on_every_page = {"app.js", "palette.js", "theme.js"}
    assert sum(scripts[name] for name in on_every_page) < 12_288
    # The quick box comes with every page of who edits accounts.
    assert scripts.pop("log.js") < 8_192
    assert all(size < 2_048 for name, size in scripts.items() if name not in on_every_page)


def test_every_class_of_a_component_is_in_the_stylesheet() -> None:
    css = "".join((STATIC / "css" / name).read_text() for name in ("app.css", "log.css"))
    known = set(re.findall(r"\.(km-[\w-]+)", css))
    for path in (*(ROOT / "templates/_components").glob("*.html"), ROOT / "templates/base.html"):
        for value in re.findall(r'class="([^"]*)"', path.read_text()):
            whole = re.sub(r"\S*\{\{.*?\}\}\S*|\{%.*?%\}", " ", value)
            assert set(re.findall(r"km-[\w-]+", whole)) <= known, (path.name, value)


class Sample(forms.Form):
    name = forms.CharField(help_text="As it is on the contract.")
    agreed = forms.BooleanField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_a_field_ties_label_help_and_error_to_its_input() -> None:
    form = Sample({"name": "", "kind": "a"})
    html = form["name"].as_field_group()
    assert (
        '<label for="id_name">' in html and 'id="id_name_helptext"' in html and 'id="id_name_error"' in html
    )
    assert 'aria-describedby="id_name_helptext id_name_error"' in html and 'aria-invalid="true"' in html
    assert form["agreed"].as_field_group().index("<input") < form["agreed"].as_field_group().index("<label")
    assert "<fieldset" in form["kind"].as_field_group() and "<legend" in form["kind"].as_field_group()


def drawn(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load kam %}" + source).render(context)


def test_a_status_is_a_symbol_and_words() -> None:
    html = drawn('{% status "short" %}')
    assert "short of target" in html and "<svg" in html and "km-status--neg" in html


@pytest.mark.parametrize("state", ["on_target", "within_limit", "short", "over", "too_close", "too_few"])
def test_no_status_is_colour_alone(state: str) -> None:
    words = re.sub(r"<[^>]+>", "", drawn(f'{{% status "{state}" %}}')).strip()
    assert words


def test_a_drawing_names_what_it_shows_and_escapes_it() -> None:
    html = drawn('{% range_bar 77 63.8 90.4 95 "up" 50 110 label %}', label='77.0 % & "more"')
    assert 'aria-label="77.0 % &amp; &quot;more&quot;"' in html
    assert 'cx="45%"' in html and 'x="75%"' in html


def test_a_number_without_a_value_says_why_and_shows_no_zero() -> None:
    row = KpiRow("Share of wallet", "our part", reason="No data, because nobody gave an estimate.")
    html = render_to_string("_components/kpi_table.html", {"groups": [KpiGroup("Growth", [row])]})
    assert "No data, because nobody gave an estimate." in html
    assert ">–<" in html and 'km-kpi__range" role="cell"' not in html


def test_a_row_names_value_range_and_target_to_those_who_hear_it() -> None:
    row = KpiRow("Retention", value_text="77.0 %", range_text="63.8 – 90.4 %", target_text="target 95 %")
    assert row.drawing_label == "77.0 %, likely 63.8 – 90.4 %, target 95 %"


def test_a_waterfall_shows_each_part_with_its_amount() -> None:
    rows = [
        WaterfallRow("August", "", "total", 0, 86, "86.0 %"),
        WaterfallRow("Lost", "two", "step", 86, 76, "−10.0"),
    ]
    html = drawn("{% waterfall rows %}", rows=rows)
    assert html.count('scope="row"') == 2 and "−10.0" in html and "km-neg" in html
