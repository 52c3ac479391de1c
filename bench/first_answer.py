"""How long somebody with a telephone waits until the first answer of a survey can be ticked: a headless Chromium with
the profile of Lighthouse (150 ms there and back, 1.6 Mbit/s, a processor four times slower) opens a link for the first
time."""

import os
import shutil
import statistics

from django.db import connection
from playwright.sync_api import Browser, sync_playwright

from accounts.models import EmployeeWave, Organisation
from accounts.surveys.employees import actions
from bench.answers import invite, prepare, web
from kamplan.services import LOOPBACK

VISITS = 9
PHONE = "Pixel 5"
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER = 4
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Asked anew in every frame: the first answer is styled, on the screen, and nothing lies above it.
WATCH = """
const look = () => {
  const first = document.querySelector("input[type=radio]");
  const label = first && first.closest("label");
  const place = label && document.readyState !== "loading" && label.getBoundingClientRect();
  const top = place && document.elementFromPoint(place.x + place.width / 2, place.y + place.height / 2);
  if (top && label.contains(top)) { window.ready = performance.now(); return; }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
addEventListener("change", () => { window.ticked = performance.now(); });
"""


def visit(browser: Browser, device: dict[str, object], address: str) -> tuple[float, float, float]:
    """Milliseconds from the tap on the link to the first byte, to an answer that can be ticked, and to one ticked."""
    context = browser.new_context(**device)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="commit")
    page.locator("label:has(input[type=radio])").first.tap()
    found = page.evaluate(
        "[performance.getEntriesByType('navigation')[0].responseStart, window.ready, window.ticked]"
    )
    context.close()
    return found[0], found[1], found[2]


def employee_link() -> str:
    """A link of our own people's survey, in a wave of its own."""
    today = Organisation.current().today()
    wave = EmployeeWave.objects.filter(state="open").first()
    if wave is None:
        wave = EmployeeWave.objects.create(name="Bench", closes_on=today)
        actions.save_statements(wave, actions.STATEMENTS)
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO accounts_employee (name, email, site, source, external_id)
                   SELECT 'Employee ' || n, 'e' || n || '@bench.example', '', '', '' FROM generate_series(1, 10) n
                       ON CONFLICT DO NOTHING"""
            )
        actions.open_wave(wave, today)
        wave.refresh_from_db()
    return f"/e/{actions.token_of(wave, wave.invitations.filter(used=False)[0])}/"


def main() -> None:
    prepare()
    (token, *_), _ = invite(1)
    links = {"customers": f"/s/{token}/", "our own people": employee_link()}
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with web() as (port, _), sync_playwright() as playwright:
        device = {
            name: value for name, value in playwright.devices[PHONE].items() if name != "default_browser_type"
        }
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        for name, path in links.items():
            address = f"http://{LOOPBACK}:{port}{path}".replace(LOOPBACK, "localhost")
            visit(browser, device, address)
            seen = sorted((visit(browser, device, address) for _ in range(VISITS)), key=lambda each: each[1])
            byte, ready, ticked = (statistics.median(column) for column in zip(*seen, strict=True))
            print(
                f"{name}: first answer can be ticked after {ready:.0f} ms (median of {VISITS};"
                f" best {seen[0][1]:.0f}, worst {seen[-1][1]:.0f}; first byte {byte:.0f},"
                f" ticked by a robot {ticked:.0f}),"
                f" load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
            )
        browser.close()


if __name__ == "__main__":
    main()
