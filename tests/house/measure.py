"""`python -m tests.house.measure [folder …]`: how large rooms, modules and functions are, a column a checkout.

Another checkout to compare with is `git worktree add ../before <commit>`. Lines are those of the file; a function's
are those from its `def` to its last statement; public is what has no underscore before its name, or before that of
anything that it lies in.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("api", "worker", "shared", "client", "deploy", "migrations", "training")
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """A file of Python."""

    name: str
    lines: int
    tree: ast.Module

    def functions(self) -> Iterator[int]:
        """The length of each function."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield (node.end_lineno or node.lineno) - node.lineno + 1

    @property
    def folder(self) -> str:
        """Where it lies."""
        return str(Path(self.name).parent)

    def needs(self) -> Iterator[str]:
        """The files that its imports may mean, of ours and of others."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                path = str(node.module).replace(".", "/").replace("cutwork/", "client/cutwork/")
                yield f"{path}.py"
                yield from (f"{path}/{alias.name}.py" for alias in node.names)

    def public(self) -> Iterator[Definition]:
        """What others may use."""
        yield from _public(self.tree.body)


def modules_of(checkout: Path) -> list[Module]:
    """Read all modules but the tests'."""
    return [
        Module(str(file.relative_to(checkout)), text.count("\n"), ast.parse(text))
        for room in ROOMS
        for file in sorted((checkout / room).rglob("*.py"))
        if (text := file.read_text())
    ]


def figures_of(modules: list[Module]) -> dict[str, str]:
    """Give each row of the table its figure."""
    lines = [module.lines for module in modules]
    functions = sorted(length for module in modules for length in module.functions())
    longest = max(modules, key=lambda module: module.lines)
    public = [node for module in modules for node in module.public()]
    described = sum(ast.get_docstring(node) is not None for node in public)
    folders: dict[str, int] = {}
    for module in modules:
        folders[module.folder] = folders.get(module.folder, 0) + 1
    arrows = _arrows_of(modules)
    both_ways = {(one, other) for one, other in arrows if (other, one) in arrows and one < other}
    fullest = max(folders, key=lambda folder: folders[folder])
    return {
        "modules": str(len(modules)),
        "lines": f"{sum(lines):,}",
        "median module, lines": f"{statistics.median(lines):.0f}",
        "longest module": f"{longest.lines} ({longest.name})",
        "modules over 300 lines": str(sum(count > 300 for count in lines)),
        "fullest folder": f"{folders[fullest]} ({fullest}/)",
        "folders": str(len(folders)),
        "arrows between folders": str(len(arrows)),
        "of these, in both directions": str(len(both_ways)),
        "median function, lines": f"{statistics.median(functions):.0f}",
        "nine functions of ten, lines": f"{functions[len(functions) * 9 // 10]}",
        "longest function": str(functions[-1]),
        "public things with a docstring": f"{described / len(public):.0%}",
    }


def main() -> None:
    """Print a column for each checkout."""
    checkouts = [Path(argument) for argument in sys.argv[1:]] or [Path()]
    columns = [figures_of(modules_of(checkout)) for checkout in checkouts]
    names = [checkout.resolve().name for checkout in checkouts]
    sys.stdout.write(f"| | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}\n")
    for row in columns[0]:
        sys.stdout.write(f"| {row} | {' | '.join(column[row] for column in columns)} |\n")


def _arrows_of(modules: list[Module]) -> set[tuple[str, str]]:
    """List which folder imports of which other one; a folder and one that lies in it count as one."""
    folder_of = {module.name: module.folder for module in modules}
    found = {
        (module.folder, folder_of[file])
        for module in modules
        for file in module.needs()
        if file in folder_of
    }
    return {
        (one, other)
        for one, other in found
        if not f"{one}/".startswith(f"{other}/") and not f"{other}/".startswith(f"{one}/")
    }


def _public(body: list[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


if __name__ == "__main__":
    main()
