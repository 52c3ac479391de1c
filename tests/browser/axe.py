"""Faults of access that axe finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Contrast takes axe longer than all other rules together, element by element. The same ink on the same ground has the
# same contrast: axe is shown the first two of each, not all hundreds.
MARK_LOOKS = """() => {
  const grounds = new Map(), looks = new Map();
  const visit = (element, below) => {
    const style = getComputedStyle(element);
    const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.position].join();
    const stack = `${below} ${own}`;
    const ground = own === "rgba(0, 0, 0, 0),none,1,static" ? below : grounds.get(stack) ?? grounds.size + 1;
    if (ground !== below) grounds.set(stack, ground);
    const speaks = element.matches("input, select, textarea") ||
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (speaks && element.checkVisibility({ visibilityProperty: true })) {
      const look = [ground, style.color, style.fontSize, style.fontWeight].join(), met = looks.get(look) ?? 0;
      looks.set(look, met + 1);
      if (met < 2) element.dataset.look = "";
    }
    for (const child of element.children) visit(child, ground);
  };
  visit(document.documentElement, 0);
}"""
RUN = """async () => {
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-look]" }] });
  const found = await axe.run({ resultTypes: ["violations"] });
  document.querySelectorAll("[data-look]").forEach((element) => element.removeAttribute("data-look"));
  return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.replace(' data-look=""', ""))]);
}"""


def faults_of(page: Page) -> list[tuple[str, list[str]]]:
    """Each fault with the elements that have it."""
    page.evaluate(Axe().axe_script)
    page.evaluate(MARK_LOOKS)
    return [(rule, elements) for rule, elements in page.evaluate(RUN)]
