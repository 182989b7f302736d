"""What is seen before and while a component is built."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import wrt_sdk
from wrt_sdk.build import BuildError, build, sources

PACKAGE = Path(wrt_sdk.__file__).parent
CONTRACT = PACKAGE.parents[2] / "wit"
COMPILER = shutil.which("componentize-py") or (Path(sys.executable).parent / "componentize-py").exists()


class SourcesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, text: str, name: str = "flow.py") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def test_calls_that_would_answer_for_the_build_are_warned_of(self) -> None:
        found = sources.read(
            self.file("import datetime, random\nnow = datetime.datetime.now()\ndef f(): return random.random()\n")
        )
        self.assertEqual(len(found.warnings), 1)
        self.assertRegex(found.warnings[0], r"flow.py:2: datetime.datetime.now\(\) runs when the component is built")

    def test_imports_in_functions_are_taken_along(self) -> None:
        found = sources.read(self.file("import os\ndef f():\n    import csv\n    from email import message\n"))
        self.assertEqual(found.late_imports, ["csv", "email", "email.message"])

    def test_what_cannot_be_built_is_said(self) -> None:
        for path, said in (
            (self.folder / "none.py", "is not there"),
            (self.file("", "x.txt"), "is no Python file"),
            (self.folder, "has no __init__.py"),
            (self.file("", "my-flow.py"), "is no name of a module"),
            (self.file("", "json.py"), "standard library"),
        ):
            with self.subTest(said), self.assertRaisesRegex(BuildError, f"{said}|componentize-py is not installed"):
                build([path], self.folder / "out.wasm")

    @unittest.skipUnless(COMPILER, "componentize-py is not installed")
    def test_an_error_in_the_application_is_shown_as_python_shows_it(self) -> None:
        with self.assertRaises(BuildError) as raised:
            build([self.file("import nothing_of_this_name\n")], self.folder / "out.wasm")
        text = str(raised.exception)
        self.assertTrue(text.startswith("Traceback (most recent call last)"), text)
        self.assertRegex(text, r"flow.py\", line 1(.|\n)*No module named 'nothing_of_this_name'")

    @unittest.skipUnless(COMPILER, "componentize-py is not installed")
    def test_an_unchanged_sample_becomes_a_component(self) -> None:
        sample = Path(__file__).parent / "sample.py"
        for world in ("module", "workflow", "activity"):
            with self.subTest(world):
                output = self.folder / f"{world}.wasm"
                self.assertEqual(build([sample], output, world=world), [])
                self.assertEqual(output.read_bytes()[:4], b"\0asm")


class PackageTest(unittest.TestCase):
    @unittest.skipUnless(CONTRACT.exists(), "outside of the repository")
    def test_the_contract_in_the_package_is_the_one_of_the_repository(self) -> None:
        copies = PACKAGE / "wit" / "deps"
        for theirs, ours in ((".", "wrt-workflow"), ("activity", "wrt-activity"), ("module", "wrt-module")):
            expected = {path.name: path.read_text() for path in (CONTRACT / theirs).glob("*.wit")}
            self.assertEqual({path.name: path.read_text() for path in (copies / ours).glob("*.wit")}, expected, ours)

    def test_the_command_line_says_what_it_wants(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "wrt_sdk.build", "none.py", "-o", "x.wasm"],
            capture_output=True,
            text=True,
            cwd=PACKAGE.parent,
        )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^error: ")


if __name__ == "__main__":
    unittest.main()
