"""A program runs as ``python`` would run it."""

import sys
import textwrap
import zipfile

import pytest

from adaptive_jit.cli import program


@pytest.fixture(autouse=True)
def _interpreter(monkeypatch):
    """What a program changes is put back."""
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", ["/first", *sys.path])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def script(tmp_path):
    def write(source, name="script.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return str(path)

    return write


def test_a_script_sees_itself_as_main(script, capsys, tmp_path):
    """Name, file, arguments, first path and module are those of ``python script.py``."""
    path = script("""
        import sys, pickle
        class Here: pass
        print(__name__, __file__, sys.argv, sys.path[0], __spec__, __package__, sep="|")
        print(sys.modules["__main__"].Here is Here, type(pickle.loads(pickle.dumps(Here()))) is Here)
        print("annotated" not in globals(), "program" in globals())
    """)
    assert program.run_script(path, ["--report", "x"]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"__main__|{path}|{[path, '--report', 'x']}|{tmp_path}|None|None"
    assert others == ["True True", "True False"]


def test_a_script_s_functions_have_source(script):
    """Without it no edition can be built."""
    import inspect

    program.run_script(script("def f():\n    return 1\n"), [])
    assert inspect.getsource(sys.modules["__main__"].f) == "def f():\n    return 1\n"


def test_main_stays_in_place_after_the_script(script):
    """Threads and exit functions of the program still pickle and look up names there."""
    program.run_script(script("kept = 1\n"), [])
    assert sys.modules["__main__"].kept == 1


def test_relative_paths_are_made_absolute_for_file_only(script, monkeypatch, capsys, tmp_path):
    """As Python does since 3.9; ``argv`` keeps what was typed."""
    script("import sys; print(sys.argv[0], __file__)")
    monkeypatch.chdir(tmp_path)
    program.run_script("script.py", [])
    assert capsys.readouterr().out == f"script.py {tmp_path / 'script.py'}\n"


@pytest.mark.parametrize("given", [3, 0, None, "a message"])
def test_the_script_s_own_exit_passes(script, given):
    with pytest.raises(SystemExit) as caught:
        program.run_script(script(f"raise SystemExit({given!r})"), [])
    assert caught.value.code == given


def test_an_exception_is_shown_as_python_shows_it(script, capsys):
    """The traceback begins in the program: no frame of ours."""
    path = script("def f():\n    1 / 0\n\nf()\n")
    assert program.run_script(path, []) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(
        f'Traceback (most recent call last):\n  File "{path}", line 4, in <module>\n'
    )
    assert shown.endswith("ZeroDivisionError: division by zero\n")
    assert "adaptive_jit" not in shown


def test_the_program_s_exception_hook_is_used(script, capsys):
    path = script("""
        import sys
        sys.excepthook = lambda kind, error, trace: print("hook:", error)
        raise ValueError("mine")
    """)
    hook = sys.excepthook
    try:
        assert program.run_script(path, []) == 1
    finally:
        sys.excepthook = hook
    assert capsys.readouterr().out == "hook: mine\n"


def test_an_interrupt_gives_the_shell_s_exit_code(script, capsys):
    """130 is 128 + SIGINT."""
    assert program.run_script(script("raise KeyboardInterrupt"), []) == 130


def test_a_syntax_error_is_the_program_s(script, capsys):
    path = script("x = = 1\n")
    assert program.run_script(path, []) == 1
    shown = capsys.readouterr().err
    assert shown.lstrip().startswith(f'File "{path}", line 1')
    assert "Traceback" not in shown


def test_an_encoding_declaration_is_honoured(tmp_path, capsys):
    path = tmp_path / "latin.py"
    path.write_bytes("# coding: latin-1\nprint(len('é'))\n".encode("latin-1"))
    assert program.run_script(str(path), []) == 0
    assert capsys.readouterr().out == "1\n"


def test_our_future_imports_are_not_the_script_s(script, capsys):
    """Its annotations are evaluated, as it is not our module."""
    program.run_script(script("x: print('evaluated')\n"), [])
    assert capsys.readouterr().out == "evaluated\n"


def test_a_missing_script_is_exit_code_2(tmp_path):
    with pytest.raises(program.NoProgramError, match="No such file") as caught:
        program.run_script(str(tmp_path / "absent.py"), [])
    assert caught.value.code == 2


def test_a_folder_and_an_archive_run_their_main(script, tmp_path, capsys):
    path = script("import sys; print(__name__, sys.argv[1:])", "app/__main__.py")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.write(path, "__main__.py")
    assert program.run_script(str(tmp_path / "app"), ["a"]) == 0
    assert program.run_script(str(tmp_path / "app.zip"), ["b"]) == 0
    assert capsys.readouterr().out == "__main__ ['a']\n__main__ ['b']\n"


def test_a_module_runs_from_the_current_folder(script, monkeypatch, tmp_path, capsys):
    """Names, arguments and first path are those of ``python -m``."""
    path = script("import sys; print(__name__, __spec__.name, sys.argv, sys.path[0])", "alone.py")
    monkeypatch.chdir(tmp_path)
    assert program.run_module("alone", ["-m", "x"]) == 0
    assert capsys.readouterr().out == f"__main__ alone {[path, '-m', 'x']} {tmp_path}\n"


def test_a_package_runs_its_main_with_relative_imports(script, monkeypatch, tmp_path, capsys):
    script("VALUE = 5", "pack/__init__.py")
    script("from . import VALUE; print(VALUE, __package__)", "pack/__main__.py")
    monkeypatch.chdir(tmp_path)
    assert program.run_module("pack", []) == 0
    assert capsys.readouterr().out == "5 pack\n"


@pytest.mark.parametrize("name", ["absent", "absent.part", "bare", "bare.absent", ".odd"])
def test_a_missing_module_is_exit_code_1(script, monkeypatch, tmp_path, name):
    script("", "bare/__init__.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(program.NoProgramError, match="no module named") as caught:
        program.run_module(name, [])
    assert caught.value.code == 1


def test_an_import_that_fails_inside_the_module_is_the_program_s(
    script, monkeypatch, tmp_path, capsys
):
    """It must not be mistaken for a missing program."""
    script("import does_not_exist_here", "broken/__init__.py")
    script("", "broken/__main__.py")
    monkeypatch.chdir(tmp_path)
    assert program.run_module("broken", []) == 1
    assert "No module named 'does_not_exist_here'" in capsys.readouterr().err
