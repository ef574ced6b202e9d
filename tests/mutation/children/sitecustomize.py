"""Record which lines of the library this interpreter executes, if `mutation.reach` asks for it.

The children's side is this file, the tests' side `mutation.reach`, which puts this folder on the
path of the interpreters that a test starts. It imports nothing that a test may look for.
"""

import importlib.machinery
import os
import sys

TOOL = 4  # free for any tool; 0 to 2 and 5 are for debuggers, coverage, profilers and optimisers
PACKAGE = "/adaptive_jit/"
TEST = "MUTATION_TEST"


def key_of(path, line):
    """Return the name of a line in the map: path from the package on, and number."""
    return f"adaptive_jit/{path.rpartition(PACKAGE)[2]}:{line}"


def beside():
    """Return the file that processes of a test's own write to."""
    return os.environ["MUTATION_MAP"] + ".children"


def watch(code):
    """Ask for the lines of *code* and of the functions in it."""
    sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.LINE)
    for inner in code.co_consts:
        if isinstance(inner, type(code)):
            watch(inner)


def record(line):
    """Call *line* for those of the library's modules that are imported from now on."""
    sys.monitoring.use_tool_id(TOOL, "mutation reach")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, line)
    loader = importlib.machinery.SourceFileLoader
    compiled = loader.get_code

    def get_code(self, fullname):
        code = compiled(self, fullname)
        if code is not None and PACKAGE in code.co_filename:
            watch(code)
        return code

    loader.get_code = get_code


def told():
    """Return a callback that writes each line at once: this process may be killed."""
    target = os.open(beside(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    test = os.environ.get(TEST, "")

    def line(code, number):
        os.write(target, f"{key_of(code.co_filename, number)}\t{test}\n".encode())
        return sys.monitoring.DISABLE

    return line


if TEST in os.environ:
    record(told())
