"""papermill itself, with the package installed: what it writes for Rust, and a run with parameters through the kernel."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import papermill  # noqa: F401  (loads the entry points)
from papermill.exceptions import PapermillException
from papermill.translators import papermill_translators

BIN = Path(sys.executable).parent
RUST = papermill_translators.find_translator("carnet", "rust")


def notebook(*cells):
    """A notebook of code cells; the first is tagged `parameters`."""
    return {
        "cells": [
            {"cell_type": "code", "id": f"c{number}", "metadata": {"tags": ["parameters"]} if number == 0 else {},
             "execution_count": None, "outputs": [], "source": source}
            for number, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "carnet", "display_name": "Rust (Carnet)", "language": "rust"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def run(cells, *arguments):
    """What papermill says, and the cells it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        given, done = Path(folder, "a.ipynb"), Path(folder, "b.ipynb")
        given.write_text(json.dumps(notebook(*cells)))
        said = subprocess.run(
            [BIN / "papermill", "--no-progress-bar", given, done, *arguments], capture_output=True, text=True, timeout=300
        )
        return said, json.loads(done.read_text())["cells"] if done.exists() else []


class Written(unittest.TestCase):
    def test_values_are_written_as_rust_writes_them(self):
        for value, written in [
            (True, "true"), (-3, "-3"), (0.5, "0.5"), (1e300, "1e+300_f64"), (float("-inf"), "f64::NEG_INFINITY"),
            (5_000_000_000, "5000000000_i64"), (2**64 - 1, "18446744073709551615_u64"),
            ('a "b"\\\n', '"a \\"b\\"\\\\\\u{a}"'), ("é", '"é"'), ("\u202e", '"\\u{202e}"'),
            ([1, 2.5], "vec![1.0, 2.5]"), ([1, 2**40], "vec![1_i64, 1099511627776_i64]"), (["a", "b"], 'vec!["a", "b"]'),
        ]:
            with self.subTest(value=value):
                self.assertEqual(RUST.translate(value), written)

    def test_what_rust_has_no_value_for_is_refused(self):
        for value in [None, {"a": 1}, [], 2**64, [1, "a"], [1, True], [-1, 2**63]]:
            with self.subTest(value=value), self.assertRaises(PapermillException):
                RUST.translate(value)
        for name in ["fn", "a-b", "1a", "_", ""]:
            with self.subTest(name=name), self.assertRaises(PapermillException):
                RUST.codify({name: 1})

    def test_a_cell_tells_its_parameters(self):
        cell = {"source": '// defaults\nlet start = "2013"; // first day\nlet mut rows: usize = 10;\nprintln!("x");'}
        found = [tuple(parameter) for parameter in RUST.inspect(cell)]
        self.assertEqual(found, [("start", "None", '"2013"', "first day"), ("rows", "usize", "10", "")])


class Run(unittest.TestCase):
    cells = ['let count = 20;\nlet name = "default";', "(count * 2 + 2).to_string() + name"]

    def test_parameters_arrive_in_the_cells(self):
        said, done = run(self.cells, "-p", "count", "50", "-p", "name", 'a "b"')
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(done[1]["metadata"]["tags"], ["injected-parameters"])
        self.assertEqual("".join(done[1]["source"]), '// Parameters\nlet count = 50;\nlet name = "a \\"b\\"";\n')
        shown = "".join(done[2]["outputs"][0]["data"]["text/plain"])
        self.assertIn("102a", shown)

    def test_a_name_that_the_notebook_does_not_declare_is_warned_of(self):
        said, _ = run(self.cells, "-p", "cuont", "50")
        self.assertIn("Passed unknown parameter: cuont", said.stderr)

    def test_a_value_that_rust_has_not_stops_before_anything_runs(self):
        said, done = run(self.cells, "-y", "count: null")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("cannot be null", said.stderr)
        self.assertEqual(done, [])


if __name__ == "__main__":
    unittest.main()
