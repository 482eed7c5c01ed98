"""Copies source files into a folder, up to a number of files and of bytes, and says how many.

The same folders give the same files: they are taken in the order of their paths.
"""

import argparse
import os
import pathlib
import sys

SOURCE = {
    ".c", ".cc", ".cpp", ".css", ".go", ".h", ".hpp", ".html", ".java", ".js", ".json", ".md",
    ".py", ".rs", ".sh", ".toml", ".ts", ".txt", ".yaml", ".yml",
}
# Larger files are tables that a program wrote.
LARGEST = 1_000_000


def sources(folder):
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = pathlib.Path(place, name)
            # Tools differ in whether they read hidden files.
            if path.suffix in SOURCE and not name.startswith(".") and not path.is_symlink():
                yield path, path.relative_to(folder)


def copy(folders, target, most_files, most_bytes):
    files = size = 0
    for number, folder in enumerate(folders):
        for path, relative in sources(folder):
            if files == most_files or size >= most_bytes:
                return files, size
            content = path.read_bytes()
            if len(content) > LARGEST or not content:
                continue
            to = target / f"part{number}" / relative
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(content)
            files += 1
            size += len(content)
    return files, size


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--files", type=int, required=True)
    parser.add_argument("--megabytes", type=int, required=True)
    asked = parser.parse_args()
    files, size = copy(asked.folders, asked.target, asked.files, asked.megabytes * 1_000_000)
    if files == 0:
        sys.exit("compare: no source files found; name folders with some in CORPUS")
    print(f"{files:,} files of source, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
