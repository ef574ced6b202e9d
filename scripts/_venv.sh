# Sourced by the scripts beside it: `environment NAME EXTRAS` makes the virtual environment NAME in
# the repository, installs the package with EXTRAS, and sets `python`. A stamp (the checksum of
# pyproject.toml and the interpreter's version) makes the second run quick.
unset PYTHONDONTWRITEBYTECODE  # with it, every start compiles every module again
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1

environment() {
    local folder="${VENV:-$root/$1}" extras="$2" base="${PYTHON:-python3}" stamp
    if ! "$base" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "adaptive-jit needs Python 3.11 or newer; set PYTHON to one (found: $("$base" -V 2>&1))" >&2
        exit 1
    fi
    stamp="$extras $("$base" -V) $(cksum < pyproject.toml)"
    python="$folder/bin/python"
    if [ ! -x "$python" ] || [ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ]; then
        echo "installing .[$extras] into ${folder#"$root"/}" >&2
        # Another interpreter needs a new environment; other requirements only what they add.
        if [ "$("$python" -V 2>/dev/null)" != "$("$base" -V)" ]; then
            "$base" -m venv --clear "$folder"
        fi
        "$python" -m pip install -qq --disable-pip-version-check --editable ".[$extras]"
        printf '%s\n' "$stamp" > "$folder/stamp"
    fi
}
