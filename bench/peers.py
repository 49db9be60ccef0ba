"""The peers' side of the benchmarks: one process a measurement, the same JSON line as carnet-bench."""

import json
import resource
import sys
import time

COLUMNS = (
    "year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time, arr_delay, carrier, "
    "flight, tailnum, origin, dest, air_time, distance, hour, minute, time_hour"
)
QUERY = f"SELECT {COLUMNS} FROM bench_flight"
OBSERVATION = {
    "id": "_id",
    "station": "station",
    "time": "time",
    "temperature_f": "obs.temperature_f",
    "humidity_pct": "obs.humidity_pct",
    "wind_direction_deg": "obs.wind.direction_deg",
    "wind_speed_mph": "obs.wind.speed_mph",
    "precipitation_in": "obs.precipitation_in",
    "pressure_hpa": "obs.pressure_hpa",
    "visibility_mi": "obs.visibility_mi",
}
# Documents a batch, as many as Carnet asks for; the tests' server does not end a batch at 16 MB as MongoDB does.
BATCH = 20_000


def connectorx(url):
    import connectorx

    return lambda: connectorx.read_sql(url, QUERY, return_type="polars")


def adbc(url):
    import adbc_driver_postgresql.dbapi
    import polars

    def work():
        with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(QUERY)
            return polars.from_arrow(cursor.fetch_arrow_table())

    return work


def pandas(url):
    import pandas
    import sqlalchemy

    engine = sqlalchemy.create_engine(url.replace("postgres://", "postgresql+psycopg2://"))
    return lambda: pandas.read_sql_query(QUERY, engine)


def drain(url):
    """Not a peer but the limit: the same bytes by psql, thrown away."""
    import subprocess

    def work():
        subprocess.run(["psql", url, "-qc", f"COPY ({QUERY}) TO STDOUT (FORMAT binary)"], stdout=subprocess.DEVNULL, check=True)

    return work


def pymongoarrow(url):
    import pyarrow
    import pymongo
    import pymongoarrow.api

    text, number = pyarrow.string(), pyarrow.float64()
    nested = pymongoarrow.api.Schema(
        {
            "_id": text,
            "station": text,
            "time": pyarrow.timestamp("ms"),
            "obs": pyarrow.struct(
                [
                    ("temperature_f", number),
                    ("humidity_pct", number),
                    ("wind", pyarrow.struct([("direction_deg", pyarrow.int32()), ("speed_mph", number)])),
                    ("precipitation_in", number),
                    ("pressure_hpa", number),
                    ("visibility_mi", number),
                ]
            ),
        }
    )
    collection = pymongo.MongoClient(url).get_default_database()["bench_observation"]
    return lambda: pymongoarrow.api.find_polars_all(collection, {}, schema=nested, batch_size=BATCH)


def pymongo(url):
    import polars
    import pymongo

    collection = pymongo.MongoClient(url).get_default_database()["bench_observation"]

    def at(document, path):
        for part in path:
            document = document.get(part)
            if document is None:
                return None
        return document

    paths = {name: path.split(".") for name, path in OBSERVATION.items()}

    def work():
        columns = {name: [] for name in paths}
        for document in collection.find({}, batch_size=BATCH):
            for name, path in paths.items():
                columns[name].append(at(document, path))
        return polars.DataFrame(columns, strict=False)

    return work


def cpu():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def main():
    work = {"connectorx": connectorx, "adbc": adbc, "pandas": pandas, "drain": drain, "pymongoarrow": pymongoarrow, "pymongo": pymongo}[sys.argv[1]](sys.argv[2])
    before, memory, start = cpu(), peak(), time.perf_counter()
    frame = work()
    seconds = time.perf_counter() - start
    rows, columns = frame.shape if frame is not None else (0, 0)
    print(json.dumps({"seconds": seconds, "cpu": cpu() - before, "peak_bytes": peak() - memory, "rows": rows, "columns": columns}))


if __name__ == "__main__":
    main()
