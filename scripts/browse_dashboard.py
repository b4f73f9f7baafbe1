"""Drives the dashboard's pages in Chromium: see scripts/check-dashboard --browser FOLDER."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from check_dashboard import TINY, start
from dashboard import Dashboard, binary, fail
from lib import ROOT

VIEWS = [(400, "light"), (400, "dark"), (1400, "light"), (1400, "dark")]


class Browser:
    """A page in Chromium that ends the check at the first error in its console, or when it is wider than its window."""

    def __init__(self, playwright, board, folder):
        self.board, self.folder, self.troubles = board, Path(folder), []
        self.browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        self.context = self.browser.new_context(viewport={"width": 1400, "height": 900})
        self.page = self.context.new_page()
        self.page.on("console", lambda line: self.troubles.append(line.text) if line.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def go(self, path):
        answer = self.page.goto(f"http://127.0.0.1:{self.board.port}{path}")
        if answer.status != 200:
            fail(f"{path}: {answer.status}")

    def fill(self, name, ranks, settings):
        """Fills in the form that starts runs."""
        self.page.fill("[name='name']", name)
        self.page.fill("[name='ranks']", str(ranks))
        for setting, value in settings.items():
            field = self.page.locator(f"[data-setting='{setting}']")
            group = self.page.locator("details", has=field)
            if group.get_attribute("open") is None:
                group.locator("summary").click()
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(str(value))
            else:
                field.fill(str(value))

    def pictures(self, name, path):
        """The page at each width and in each colour scheme."""
        for width, scheme in VIEWS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            self.go(path)
            time.sleep(0.3)
            if self.page.evaluate("document.documentElement.scrollWidth") > width:
                fail(f"{path} is wider than {width} px")
            self.page.screenshot(path=self.folder / f"{name}-{width}-{scheme}.png", full_page=True)
        self.page.set_viewport_size({"width": 1400, "height": 900})
        if self.troubles:
            fail(f"{path}: {self.troubles}")


def main():
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        board = Dashboard(
            binary("fedmpi-dashboard"), Path(folder) / "results", "--program", str(binary("fedmpi")), "--mpirun",
            str(ROOT / "scripts/mpirun"), "--cores", "8")
        board.start()
        try:
            browser = Browser(playwright, board, pictures)
            page = browser.page
            # Come in by the link, once.
            page.goto(board.link)
            if "Runs" not in page.title():
                fail(f"the link leads to {page.title()}")
            browser.pictures("empty", "/")
            # Start a run by the form.
            browser.go("/start")
            browser.fill("by-hand", 3, TINY | {"rounds": 40, "samples-per-client": 512, "client-test": 0.2})
            command = page.inner_text("#command")
            if not command.startswith("mpirun -np 3 fedmpi train") or "--rounds 40" not in command:
                fail(f"the command line is {command}")
            page.click("text=Start it")
            page.wait_for_url("**/queue/*")
            # What is wrong is said, and what was filled in stays.
            browser.go("/start")
            page.fill("[name='name']", "wrong")
            page.fill("[data-setting='rounds']", "-1")
            browser.troubles.clear()
            page.click("text=Start it")
            page.wait_for_selector("[role=alert]")
            if "--rounds is -1" not in page.inner_text("[role=alert]") or page.input_value("[name='name']") != "wrong":
                fail("a wrong setting is not said")
            browser.troubles.clear()  # The browser notes the answer's code, 422.
            # Watch it to its end: the page changes by itself.
            run = board.wait("by-hand", ("running", "finished"))
            browser.go(f"/runs/{run['id']}")
            page.wait_for_selector("#state .status.finished", timeout=90000)
            for seed in (1, 2):
                for strategy in ("fedavg", "fedadam"):
                    start(board, f"{strategy}-{seed}", TINY | {"strategy": strategy, "seed": seed, "rounds": 12})
            for seed in (1, 2):
                for strategy in ("fedavg", "fedadam"):
                    board.wait(f"{strategy}-{seed}")
            # Start a sweep by the form, and see its four runs.
            browser.go("/sweeps")
            page.click("text=Start a sweep")
            browser.fill("grid", 2, TINY | {"rounds": 3})
            page.fill("[name='vary']", "strategy: fedavg, fedprox\nseed: 1, 2")
            command = page.inner_text("#command")
            if "  strategy: [fedavg, fedprox]" not in command or not command.endswith("mpirun -np 2 fedmpi sweep sweep.yaml --sweep-name grid"):
                fail(f"the sweep's file is {command}")
            browser.page.screenshot(path=browser.folder / "start-sweep.png", full_page=True)
            page.click("text=Start it")
            page.wait_for_selector("#request .status.finished", timeout=90000)
            page.click("text=Compare them")
            if page.locator("text=grid/").count() < 4:
                fail("the sweep's page of comparison does not have its four runs")
            # What the page of fleets shows.
            start(board, "phones", TINY | {"fleet": "people", "clients": 40, "client-fraction": 0.25, "rounds": 4})
            board.wait("phones")
            subprocess.run(
                [binary("fedmpi"), "serve", "--models", board.results / "phones", "--rate", "20,60", "--seconds", "1", "--run-name", "served",
                 "--results", board.results], check=True, capture_output=True)
            # Stop one.
            start(board, "endless", TINY | {"rounds": 100000, "samples-per-client": 512})
            endless = board.wait("endless", ("running",))
            time.sleep(1.5)
            browser.pictures("runs", "/")
            browser.pictures("running", f"/runs/{endless['id']}")
            browser.go(f"/runs/{endless['id']}")
            page.click("text=Stop, continue, label")
            page.click("text=Stop it")
            page.wait_for_selector("#state .status.stopped", timeout=60000)
            # Label one, compare some.
            browser.go(f"/runs/{run['id']}")
            page.click("text=Stop, continue, label")
            page.fill("[name='tags']", "paper baseline")
            page.click("text=Save")
            browser.go("/?tag=paper")
            if page.locator("tbody tr", has_text="by-hand").count() != 1:
                fail("the tag finds nothing")
            browser.go("/")
            for name in ("fedavg-1", "fedavg-2", "fedadam-1", "fedadam-2"):
                page.check(f"[aria-label='compare {name}']")
            page.click("text=Compare the ticked runs")
            page.wait_for_url("**/compare?*")
            browser.pictures("compare", page.url.split(str(board.port))[1])
            browser.pictures("run", f"/runs/{run['id']}")
            browser.pictures("ranks", f"/runs/{run['id']}/ranks")
            browser.pictures("clients", f"/runs/{run['id']}/clients")
            browser.pictures("errors", f"/runs/{run['id']}/errors")
            browser.pictures("files", f"/runs/{run['id']}/files")
            browser.pictures("start", "/start")
            browser.pictures("sweeps", "/sweeps")
            browser.pictures("fleet", "/fleet")
            if "logistic f32" not in page.inner_text("main"):
                fail("the page of fleets does not show what has served")
            # Promote a model.
            subprocess.run(
                [binary("fedmpi"), "models", "register", "digits", "by-hand", "--results", board.results], check=True,
                capture_output=True)
            browser.go("/models")
            page.click("text=Move it")
            page.wait_for_selector(".tag >> text=champion")
            browser.pictures("models", "/models")
            # By keyboard alone: the first stop is the link over the navigation.
            browser.go("/")
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.className") != "skip":
                fail("the first stop of the keyboard is not the link to the content")
            if browser.troubles:
                fail(f"console: {browser.troubles}")
        finally:
            board.stop()
    print(f"every page driven in Chromium; pictures in {pictures}")


if __name__ == "__main__":
    main()
