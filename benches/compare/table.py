"""Turns what hyperfine measured into tables of markdown, one a case.

usage: table.py FOLDER CASE...
For each case the folder holds CASE.json from hyperfine, CASE.title, and CASE.memory with lines of
a command's name, a tab and its peak memory in KiB. The first command is the one to compare with.
"""

import json
import pathlib
import sys


def seconds(value):
    if value < 0.01:
        return f"{value * 1e3:.2f} ms"
    return f"{value * 1e3:.0f} ms" if value < 1 else f"{value:.2f} s"


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def megabytes(kib):
    return f"{int(kib) * 1024 / 1e6:.0f} MB" if kib else "not measured"


def statuses(result):
    return ", ".join(str(code) for code in sorted(set(result["exit_codes"])))


def table(folder, case):
    results = json.loads((folder / f"{case}.json").read_text())["results"]
    memory = dict(
        line.split("\t") for line in (folder / f"{case}.memory").read_text().splitlines()
    )
    own = results[0]["median"]
    yield f"## {(folder / f'{case}.title').read_text().strip()}"
    yield ""
    yield "| command | median | fastest | times leakgate | memory | exit status |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for result in results:
        name = result["command"]
        yield (
            f"| {name} | {seconds(result['median'])} | {seconds(result['min'])}"
            f" | {ratio(result['median'] / own)} | {megabytes(memory[name])}"
            f" | {statuses(result)} |"
        )


def main():
    folder, cases = pathlib.Path(sys.argv[1]), sys.argv[2:]
    for case in cases:
        print()
        print("\n".join(table(folder, case)))


if __name__ == "__main__":
    main()
