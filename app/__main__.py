"""`python -m app` opens the window; with a command it does that command's work."""

import gc
import sys

if __name__ == "__main__":
    # The window's first picture needs none of what the commands import.
    if len(sys.argv) == 1 or sys.argv[1] == "open":
        # What is made while starting stays; the task runner collects later, when somebody works.
        gc.disable()
        from app.main import run as open_window

        sys.exit(open_window(sys.argv[2:]))
    from app.cli import run

    sys.exit(run())
