"""Run the benchmarks that are named, or all of them, and print one table."""

import importlib
import sys
import traceback
from pathlib import Path

from tests.bench import Result, table


def main(names: list[str]) -> int:
    """Return 0 when every benchmark ran, whatever it measured; 1 when one broke; 2 for an unknown name."""
    known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(known)}", file=sys.stderr)
        return 2
    results: list[Result] = []
    broken: list[str] = []
    for name in names or known:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            results += importlib.import_module(f"tests.bench.bench_{name}").run()
        except Exception:  # the others are still worth running
            traceback.print_exc()
            broken.append(name)
    print(table(results))
    missed = sum(result.verdict == "MISS" for result in results)
    print(f"\n{len(results)} measured, {missed} missed their bound, {len(broken)} broke {' '.join(broken)}".rstrip())
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
