"""Faults of access that axe finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Contrast takes axe longer than all other rules together, element by element. Text that looks the same, in boxes that
# look the same all the way up, has the same contrast: of each look axe is shown the first two, not all hundreds.
LOOKS = """() => {
  const seen = new Map(), shown = [];
  const visit = (element, above) => {
    const style = getComputedStyle(element);
    const look = [above, element.localName, element.className, style.color, style.backgroundColor, style.opacity,
      style.backgroundImage, style.fontSize, style.fontWeight, style.position].join();
    const number = seen.get(look) ?? [seen.size, 0];
    seen.set(look, number);
    const speaks = element.matches("input, select, textarea") ||
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (speaks && element.checkVisibility({ visibilityProperty: true }) && number[1]++ < 2) shown.push(element);
    for (const child of element.children) visit(child, number[0]);
  };
  visit(document.documentElement, "");
  return shown;
}"""
RUN = """async (looks) => {
  const rest = await axe.run({ resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } } });
  const only = { resultTypes: ["violations"], runOnly: { type: "rule", values: ["color-contrast"] } };
  const contrast = looks.length ? (await axe.run({ include: looks }, only)).violations : [];
  return [...rest.violations, ...contrast].map((one) => [one.id, one.nodes.map((node) => node.html)]);
}"""


def faults_of(page: Page) -> list[tuple[str, list[str]]]:
    """Each fault with the elements that have it."""
    page.evaluate(Axe().axe_script)
    return [(rule, elements) for rule, elements in page.evaluate(RUN, page.evaluate_handle(LOOKS))]
