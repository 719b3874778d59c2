"""The one exception that a person is meant to read."""


class TidemarkError(Exception):
    """Something a person can mend: one line that says what is wrong, and one that says what to do.

    The command line prints both, without a traceback, and exits with status 1.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
