"""What the same cells show under the kernel, by either engine, and under stock evcxr_jupyter.

Each case is a notebook of a few cells, of what users of evcxr do. The kernels run it from nothing; what the cells print, show and
fail with is compared with stock. Differences that docs/KERNEL.md explains are named here; any other one, and any that is named and
not there, fails the run.

    bench/conformance.py --kernel PROGRAM --evcxr PROGRAM [--stock PROGRAM]

With the stock kernel (`make conformance`) its side is run too, and recorded in bench/results/conformance.json; without (`make test`)
the record is what it showed.
"""

import argparse
import contextlib
import json
import pathlib
import queue
import re
import subprocess
import sys
import tempfile

from kernel import ROOT, STOCK, Kernel

RECORD = ROOT / "bench" / "results" / "conformance.json"
# In the cells, the folder of a crate that is made for the run.
CRATE = "{CRATE}"

# A case: its name, its cells, and why the direct engine and stock differ, if they do.
CASES = [
    ("values of statements", ["let a = 1;\nlet b = a + 41;", "b", "b;"], None),
    ("text and numbers", ['"text"', "1.5f32", "'c'", "[1, 2, 3]", '(1, "two")'], None),
    ("printing", ['println!("out"); eprintln!("err");', 'print!("no line"); 5'], "stock does not show text that no line break ends"),
    ("structs and their impls in one cell", ["#[derive(Debug)]\nstruct P { x: i32 }\nimpl P { fn twice(&self) -> i32 { self.x * 2 } }", "let p = P { x: 21 };", "p.twice()", "p"], None),
    ("an impl in a later cell", ["#[derive(Debug)]\nstruct P { x: i32 }", "impl P { fn twice(&self) -> i32 { self.x * 2 } }", "P { x: 4 }.twice()"], None),
    ("enums, traits and generics", ["trait Area { fn area(&self) -> f64; }\nenum Shape { Square(f64), Circle(f64) }", "impl Area for Shape { fn area(&self) -> f64 { match self { Shape::Square(a) => a * a, Shape::Circle(r) => 3.0 * r * r } } }\nfn total<T: Area>(all: &[T]) -> f64 { all.iter().map(|one| one.area()).sum() }", "total(&[Shape::Square(2.0), Shape::Circle(1.0)])"], None),
    ("functions defined again", ["fn f() -> i32 { 1 }", "f()", "fn f() -> i32 { 2 }", "f()"], None),
    ("variables shadowed with another type", ["let v = 1;", 'let v = format!("{v}!");', "v"], None),
    ("variables changed", ["let mut v = vec![1];", "v.push(2);", "v.len()"], None),
    ("macros", ["macro_rules! double { ($e:expr) => { $e * 2 } }", "double!(21)"], None),
    ("imports", ["use std::collections::BTreeMap;", "let mut m = BTreeMap::new();\nm.insert(1, 2);\nm"], "a map shows an entry a line, and as a table"),
    ("constants and statics", ["const N: usize = 3;\nstatic NAME: &str = \"n\";", "(N, NAME)"], None),
    ("modules", ["mod inner { pub fn f() -> i32 { 7 } }", "inner::f()"], None),
    ("an Option and a Result", ["Some(1)", "let r: Result<i32, String> = Ok(2);\nr"], None),
    ("a map", ["use std::collections::BTreeMap;\nBTreeMap::from([(1, 2)])"], "a map shows an entry a line, and as a table"),
    ("blocks and loops", ["let mut sum = 0;\nfor i in 0..5 { sum += i; }\nsum", "if sum > 5 { \"more\" } else { \"less\" }"], None),
    ("closures that stay in their cell", ["let twice = |x: i32| x * 2;\ntwice(4)"], "stock refuses a variable whose type has no name; here it stays in its cell"),
    ("boxed closures outlive their cell", ["let f: Box<dyn Fn(i32) -> i32> = Box::new(|x| x + 1);", "f(1)"], None),
    ("a compile error keeps what was there", ["let kept = 5;", "let x: i32 = \"text\";", "kept"], None),
    ("a panic keeps what was there", ["let kept = vec![5];", 'panic!("no")', "kept"], "a panic is an error of the cell; stock prints it, and loses what the cell used"),
    ("a failed question mark", ["let kept = 5;", 'let n: i32 = "x".parse()?;', "kept"], "a failed `?` is an error of the cell, so that a run stops there; stock prints it"),
    ("threads left running", ["let handle = std::thread::spawn(|| 6 * 7);", "handle.join().unwrap()"], None),
    ("a reference into another variable", ["let v = vec![1, 2];\nlet first = &v[0];", "v.len()"], "stock refuses the cell; here the variable that borrows is left out and the others are kept"),
    ("unfinished code", ["let a = std::", "1"], None),
    ("an evcxr_display method", ['struct Tag;\nimpl Tag { fn evcxr_display(&self) { println!("EVCXR_BEGIN_CONTENT text/plain\\ntagged\\nEVCXR_END_CONTENT"); } }', "Tag"], "the method is evcxr's; here a type shows itself by `Show`"),
    ("a crate in a folder", [f':dep own-crate = {{ path = "{CRATE}" }}\nuse own_crate::twice;', "twice(21)"], "a cell says how far cargo is with its crates"),
    ("a variable that is moved", ["let v = vec![1];", "let w = v;", "v.len()", "w.len()"], None),
    ("a struct defined again with other fields", ["struct P { x: i32 }\nlet p = P { x: 1 };", "struct P { y: i32 }\nlet q = P { y: 2 };", "q.y"], "stock loses the variable of the type that was; here it stays what it was"),
    ("iterators without a name of their type", ["fn evens() -> impl Iterator<Item = u32> { (0..).step_by(2) }", "evens().take(3).collect::<Vec<_>>()"], None),
    ("top-level await", ["tokio::time::sleep(std::time::Duration::from_millis(1)).await;\n3"], "stock wants `:dep tokio` first, and compiles it"),
]

# Why the evcxr engine and stock differ, by the name of the case.
EVCXR = {
    "printing": "stock does not show text that no line break ends",
    "imports": "a map shows an entry a line, and as a table",
    "a map": "a map shows an entry a line, and as a table",
    "a panic keeps what was there": "a panic is an error of the cell; stock prints it",
    "a failed question mark": "a failed `?` is an error of the cell, so that a run stops there; stock prints it",
    "top-level await": "stock wants `:dep tokio` first, and compiles it",
}


def shown(kernel, code):
    """What a cell shows: printed text, the plain text of its value, and whether it failed."""
    asked = kernel.client.execute(code)
    printed, value, failed = {"stdout": "", "stderr": ""}, None, False
    idle = False
    while True:
        try:
            # The stock kernel sends what a cell printed when it is idle already.
            message = kernel.client.get_iopub_msg(timeout=0.5 if idle else 300)
        except queue.Empty:
            break
        if message["parent_header"].get("msg_id") != asked:
            continue
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                printed[content["name"]] += content["text"]
            case "execute_result" | "display_data":
                value = content["data"].get("text/plain")
            case "error":
                failed = True
            case "status" if content["execution_state"] == "idle":
                idle = True
    text = {name: text.strip() for name, text in printed.items() if text.strip()}
    # A cell that fails says why in its own words.
    return ("failed",) if failed else (text.get("stdout"), text.get("stderr"), re.sub(r"\s+", " ", value).strip() if value else None)


def run(command, environment, cases, crate):
    """What each cell of each case shows under a kernel."""
    results = {}
    for case, cells, _ in cases:
        # A kernel each: what one case leaves is not there in the next.
        with contextlib.closing(Kernel(command, environment, ROOT)) as kernel:
            results[case] = [shown(kernel, cell.replace(CRATE, str(crate))) for cell in cells]
    return results


def write_crate(folder):
    (folder / "src").mkdir()
    (folder / "Cargo.toml").write_text('[package]\nname = "own-crate"\nversion = "0.1.0"\nedition = "2024"\n')
    (folder / "src" / "lib.rs").write_text("pub fn twice(x: u32) -> u32 { 2 * x }\n")


def stock_results(options, cases, crate):
    """What stock shows: as it runs now, which is recorded, or as it was recorded."""
    if options.stock is None:
        record = json.loads(RECORD.read_text())
        unknown = [case for case, cells, _ in cases if record["cells"].get(case) != cells]
        if unknown:
            sys.exit(f"not recorded as they are now: {', '.join(unknown)}; run `make conformance`")
        return {case: [tuple(cell) for cell in record["shown"][case]] for case, _, _ in cases}
    results = run([str(options.stock), "--control_file", "{connection_file}"], {}, cases, crate)
    if not options.case:
        record = {"kernel": STOCK, "cells": {case: cells for case, cells, _ in cases}, "shown": results}
        RECORD.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        print(f"what {STOCK} shows is written to {RECORD.relative_to(ROOT)}", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", required=True, type=pathlib.Path)
    parser.add_argument("--evcxr", required=True, type=pathlib.Path, help="carnet-kernel-evcxr")
    parser.add_argument("--stock", type=pathlib.Path, help="evcxr_jupyter; without it, what it showed when it was recorded")
    parser.add_argument("--case", action="append", help="only the cases with this name")
    options = parser.parse_args()
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    cases = [case for case in CASES if not options.case or case[0] in options.case]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        crate = pathlib.Path(folder)
        write_crate(crate)
        stock_shows = stock_results(options, cases, crate)
        for engine, program in [("carnet", options.kernel), ("evcxr", options.evcxr)]:
            command = [str(program), "--connection-file", "{connection_file}"]
            results = run(command, {"CARNET_RUSTC": f"{sysroot}/bin/rustc"}, cases, crate)
            same = 0
            for case, cells, direct in cases:
                why = direct if engine == "carnet" else EVCXR.get(case)
                ours, stock = results[case], stock_shows[case]
                same += ours == stock
                if (ours == stock) == (why is None):
                    if why is not None:
                        print(f"{engine} differs, as explained: {case}: {why}")
                    continue
                wrong += 1
                print(f"{engine} DIFFERS: {case}" if why is None else f"{engine}, NO DIFFERENCE ANY MORE: {case} ({why})")
                for cell, left, right in zip(cells, ours, stock):
                    print(f"    {cell!r}\n        {engine:6} {left}\n        stock  {right}")
            print(f"{engine}: {same} of {len(cases)} cases show the same as stock", flush=True)
    print(f"{wrong} differ without an explanation")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
