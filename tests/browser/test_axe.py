"""What the suite's own way of asking axe still finds."""

from playwright.sync_api import Browser

from tests.browser.axe import faults_of

PAGE = """<!doctype html><html lang="en"><title>Rows</title><style>
body { background: white; color: black } .dark { background: #222; color: white } .pale { color: #ccc }
</style><main><h1>Rows</h1><input aria-label="Find" value="x">%s</main>"""


def test_one_pale_word_among_hundreds_is_found_wherever_it_stands_and_hidden_ones_are_not(
    browser: Browser,
) -> None:
    rows = [f"<p>Row <b>{n}</b></p>" for n in range(300)]
    rows[3:6] = ["<p hidden><b class=pale>unseen</b></p>"] * 3
    rows[150] = "<p>Row <b class=pale>by its class</b></p>"
    rows[200] = '<p>Row <b style="color: #bbb">by its style</b></p>'
    rows[250] = "<p class=dark>Row <b>on another ground</b> <b class=pale>that is dark</b></p>"
    rows[251] = '<p class=dark style="background: #eee">Row</p><p hidden class=pale>unseen</p>'
    rows[299] = "<p class=pale>Last</p><input>"
    page = browser.new_page()
    page.set_content(PAGE % "".join(rows))

    found = dict(faults_of(page))

    page.close()
    assert found.keys() == {"color-contrast", "label"}
    assert found["label"] == ["<input>"]
    assert found["color-contrast"] == [
        '<b class="pale">by its class</b>',
        '<b style="color: #bbb">by its style</b>',
        '<p class="dark" style="background: #eee">Row</p>',
        '<p class="pale">Last</p>',
    ]
