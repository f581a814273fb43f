"""One line a check."""

import os
import sys


class Report:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def _mark(self, word, colour):
        return f"\033[{colour}m{word}\033[0m" if self.colours else word

    def section(self, title):
        print(f"== {title}", flush=True)

    def note(self, text):
        print(f"       {text}", flush=True)

    def equal(self, what, actual, expected):
        """Checks that something is as expected; says whether it is."""
        return self.holds(what, actual == expected, f"expected {expected}\nactual   {actual}")

    def holds(self, what, condition, detail=""):
        """Checks a condition; the detail is told where it does not hold."""
        if condition:
            self.passed += 1
            print(f"{self._mark('ok', 32)}     {what}", flush=True)
            return True
        self.failed += 1
        print(f"{self._mark('FAILED', 31)} {what}", flush=True)
        for line in str(detail() if callable(detail) else detail).splitlines():
            print(f"         {line}", flush=True)
        return False

    def skip(self, what, why):
        self.skipped += 1
        print(f"{self._mark('skip', 33)}   {what}: {why}", flush=True)

    def end(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        return 1 if self.failed else 0
