"""The kernel against stock evcxr_jupyter, and its cells against bare rustc, interleaved in one run: `make bench-kernel`.

Each round starts both kernels anew, one after the other, as a frontend does, and runs the same cells in each: those of a first look at a
frame, then those of notebooks/01. Every cell is timed from the request to the idle kernel. Carnet's generated cells are then compiled
again by rustc alone, with the same flags. Prints medians and ratios, and writes them to bench/results/kernel.json.

    bench/kernel.py --kernel PROGRAM --evcxr PROGRAM --stock PROGRAM [--rounds N] [--only look|notebook]

The stock kernel compiles the toolkit in its first cell, once (a quarter of an hour): its build folder, --build, is kept.
"""

import argparse
import contextlib
import json
import os
import pathlib
import queue
import statistics
import subprocess
import sys
import tempfile
import time

import psutil
from jupyter_client.manager import KernelManager

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TOOLKIT = ROOT / "kernel-ext" / "toolkit"
NOTEBOOK = ROOT / "notebooks" / "01-late-flights.ipynb"
STOCK = "evcxr_jupyter 0.22"

FIRST = f""":dep carnet = {{ package = "carnet-toolkit", path = "{TOOLKIT}" }}
use carnet::prelude::*;
let df = df!("carrier" => ["UA", "AA", "UA", "DL"], "delay" => [3.0, 25.0, -4.0, 17.0])?;"""
LOOK = {
    "df.head() shown": "df.head(Some(2))",
    "lazy group_by, let and shown": 'let means = df.clone().lazy().group_by([col("carrier")]).agg([col("delay").mean()]).collect()?;\nmeans',
    "println!": 'println!("{} rows", df.height());',
    "1 + 1 shown": "1 + 1",
    "a struct, an impl and a value": 'struct Late { minutes: f64 }\nimpl Late { fn is_late(&self) -> bool { self.minutes >= 15.0 } }\nlet late = Late { minutes: 20.0 };\nlate.is_late()',
}
COMPLETED = "df.he"


class Kernel:
    """A running kernel and what it writes to."""

    def __init__(self, command, environment, folder):
        self.temporary = tempfile.TemporaryDirectory()
        self.manager = KernelManager()
        self.manager._kernel_spec = None
        spec = self.manager.kernel_spec_manager.kernel_spec_class(argv=command, display_name="", language="rust", interrupt_mode="message")
        self.manager._kernel_spec = spec
        begin = time.perf_counter()
        self.log = tempfile.TemporaryFile()
        self.manager.start_kernel(
            env={**os.environ, "TMPDIR": self.temporary.name, **environment}, cwd=str(folder), stdout=self.log, stderr=self.log
        )
        self.client = self.manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=120)
        except RuntimeError as error:
            self.log.seek(0)
            sys.exit(f"{command[0]}: {error}\n{self.log.read().decode()}")
        self.ready = time.perf_counter() - begin

    def run(self, code, limit=3600):
        """Seconds from the request to the idle kernel."""
        begin = time.perf_counter()
        asked = self.client.execute(code, store_history=True)
        while True:
            message = self.client.get_iopub_msg(timeout=limit)
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "error":
                sys.exit("\n".join(message["content"]["traceback"]) + f"\nin the cell\n{code}")
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return time.perf_counter() - begin

    def complete(self, code):
        """Seconds to the candidates at the end of the code; none when the kernel has no candidate."""
        begin = time.perf_counter()
        reply = self.client.complete(code, reply=True, timeout=120)
        return time.perf_counter() - begin if reply["content"].get("matches") else None

    def memory(self):
        """Bytes of the kernel and all it started, shared pages counted once."""
        process = psutil.Process(self.manager.provisioner.process.pid)
        total = 0
        for part in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += part.memory_full_info().pss
        return total

    def session(self):
        """The folder in which Carnet's cells are compiled."""
        return next(pathlib.Path(self.temporary.name).glob("carnet-kernel-*"))

    def close(self):
        self.client.stop_channels()
        with contextlib.suppress(queue.Empty, RuntimeError):
            self.manager.shutdown_kernel(now=False)
        self.temporary.cleanup()


def bare(session, number, libraries, rustc):
    """Seconds that rustc alone takes for a cell, with the flags of kernel-ext/src/engine/direct/compile.rs."""
    name = f"cell_{number}"
    command = [rustc, f"cell-{number}", "--crate-name", name, "--edition", "2024", "--crate-type", "dylib", "--emit=link,mir", "--error-format=json"]
    command += ["-A", "warnings", "-C", "prefer-dynamic", "-C", "opt-level=0", "-C", "debuginfo=line-tables-only"]
    command += ["-L", f"dependency={libraries}", "-L", "dependency=."]
    for alias in ["carnet", "carnet_toolkit"]:
        command += ["--extern", f"{alias}={libraries / 'libcarnet_toolkit.so'}"]
    for earlier in range(1, number):
        if (session / f"libcell_{earlier}.so").exists():
            command += ["--extern", f"cell_{earlier}=libcell_{earlier}.so"]
    with tempfile.TemporaryDirectory() as out:
        begin = time.perf_counter()
        subprocess.run([*command, "--out-dir", out], cwd=session, check=True, stderr=subprocess.DEVNULL)
        return time.perf_counter() - begin


def notebook_cells():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def look(kernel, times, ours, libraries, rustc):
    times.setdefault("kernel ready", []).append(kernel.ready)
    times.setdefault("first cell with frames in scope", []).append(kernel.run(FIRST))
    for name, code in LOOK.items():
        times.setdefault(name, []).append(kernel.run(code))
    time.sleep(1)
    times.setdefault("memory", []).append(kernel.memory() / 1e6)
    if ours:
        for number, name in enumerate(LOOK, start=2):
            times.setdefault(f"rustc: {name}", []).append(bare(kernel.session(), number, libraries, rustc))
    first = kernel.complete(COMPLETED)
    # The first answers come while the analysis still reads the crates.
    for _ in range(60):
        if first is not None:
            break
        time.sleep(1)
        first = kernel.complete(COMPLETED)
    kernel.complete(COMPLETED)
    warm = kernel.complete(COMPLETED)
    if warm is not None:
        times.setdefault("completion, warm", []).append(warm)


def table(times, cells):
    """The rows of what was measured."""
    ours = {name: statistics.median(values) for name, values in times["carnet"].items()}
    evcxr = {name: statistics.median(values) for name, values in times["evcxr"].items()}
    peer = {name: statistics.median(values) for name, values in times["stock"].items()}
    rows = []

    def row(name, unit, left, right, peer_name, goal=""):
        if left is not None and right:
            rows.append({"name": name, "unit": unit, "ours": round(left, 3), "peer": round(right, 3), "peer_name": peer_name, "ratio": round(left / right, 3), "goal": goal})

    if "kernel ready" in ours:
        row("kernel ready", "s", ours["kernel ready"], peer["kernel ready"], STOCK, "≤ 0.5 s")
        first = "first cell with frames in scope"
        row(first, "s", ours[first], peer[first], STOCK, "≤ 1.5 s")
        for name in LOOK:
            row(name, "s", ours[name], peer[name], STOCK)
            row(name, "s", ours[name], ours[f"rustc: {name}"], "bare rustc", "≤ 1.3")
        row("warm cells, median", "s", statistics.median(ours[name] for name in LOOK), statistics.median(peer[name] for name in LOOK), STOCK, "≤ 0.2")
        row("memory before the first completion", "MB", ours["memory"], peer["memory"], STOCK, "≤ 0.1")
        row("completion, warm", "s", ours.get("completion, warm"), peer.get("completion, warm"), STOCK, "≤ 0.3 s")
        row("evcxr engine: kernel ready", "s", evcxr["kernel ready"], peer["kernel ready"], STOCK, "≤ 1")
        # Stock waits for evcxr before it is ready, this one in its first cell.
        begun = "evcxr engine: from the start to the end of the first cell"
        row(begun, "s", evcxr["kernel ready"] + evcxr[first], peer["kernel ready"] + peer[first], STOCK, "≤ 1")
        for name in [*LOOK, "completion, warm"]:
            row(f"evcxr engine: {name}", "s", evcxr.get(name), peer.get(name), STOCK, "≤ 1")
        row("evcxr engine: memory before the first completion", "MB", evcxr["memory"], peer["memory"], STOCK)
    numbers = [f"notebook cell {number}" for number in range(1, len(cells) + 1)]
    if all(name in ours and name in peer for name in numbers):
        for name in numbers:
            row(name, "s", ours[name], peer[name], STOCK)
        row("notebook 01, all cells", "s", sum(ours[name] for name in numbers), sum(peer[name] for name in numbers), STOCK)
        if all(name in evcxr for name in numbers):
            row("evcxr engine: notebook 01, all cells", "s", sum(evcxr[name] for name in numbers), sum(peer[name] for name in numbers), STOCK, "≤ 1")
    return rows


def report(rows):
    """Prints the rows and writes them, with those of an earlier run that this one did not measure."""
    path = HERE / "results" / "kernel.json"
    measured = {(entry["name"], entry["peer_name"]) for entry in rows}
    earlier = json.loads(path.read_text()) if path.exists() else []
    rows = rows + [entry for entry in earlier if (entry["name"], entry["peer_name"]) not in measured]
    print("| what | unit | Carnet | peer | peer's | ratio | goal |\n| --- | --- | --- | --- | --- | --- | --- |")
    for entry in rows:
        print("| {name} | {unit} | {ours} | {peer_name} | {peer} | {ratio} | {goal} |".format(**entry))
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    print(f"written to {path.relative_to(ROOT)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", required=True, type=pathlib.Path, help="carnet-kernel")
    parser.add_argument("--evcxr", required=True, type=pathlib.Path, help="carnet-kernel-evcxr")
    parser.add_argument("--stock", required=True, type=pathlib.Path, help="evcxr_jupyter")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("/var/tmp/carnet-stock"), help="where the stock kernel builds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["look", "notebook"])
    options = parser.parse_args()

    libraries = options.kernel.resolve().parent / "deps"
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    rustc = str(pathlib.Path(sysroot) / "bin" / "rustc")
    # Outside the home folder: the stock kernel finds std by a relative path that only holds from the root of the file system.
    kept = options.build
    kept.mkdir(parents=True, exist_ok=True)
    commands = {
        "carnet": ([str(options.kernel), "--connection-file", "{connection_file}"], {"CARNET_RUSTC": rustc}),
        "evcxr": ([str(options.evcxr), "--connection-file", "{connection_file}"], {"CARNET_RUSTC": rustc}),
        "stock": ([str(options.stock), "--control_file", "{connection_file}"], {"EVCXR_TMPDIR": str(kept), "RUSTUP_TOOLCHAIN": pathlib.Path(sysroot).name}),
    }
    times = {name: {} for name in commands}

    def started(name):
        command, environment = commands[name]
        return contextlib.closing(Kernel(command, environment, NOTEBOOK.parent))

    print("The stock kernel compiles the toolkit, if it has not yet …", flush=True)
    with started("stock") as kernel:
        print(f"… {kernel.run(FIRST):.0f} s", flush=True)
    if options.only != "notebook":
        for turn in range(options.rounds):
            for name in commands:
                with started(name) as kernel:
                    look(kernel, times[name], name == "carnet", libraries, rustc)
            print(f"first look, round {turn + 1} of {options.rounds}", flush=True)
    cells = notebook_cells()
    if options.only is None:
        report(table(times, cells))
    if options.only != "look":
        for turn in range(options.rounds):
            for name in commands:
                with started(name) as kernel:
                    for number, code in enumerate(cells, start=1):
                        code = code.replace('path = "../kernel-ext/toolkit"', f'path = "{TOOLKIT}"')
                        times[name].setdefault(f"notebook cell {number}", []).append(kernel.run(code))
            print(f"notebook, round {turn + 1} of {options.rounds}", flush=True)
    report(table(times, cells))


if __name__ == "__main__":
    main()
