"""The page on speed, a part of docs/results.md: the core beside its peers, as the files in results/ have it."""

from benchmarks.results_file import FOLDER, read

_PEERS = {
    "torch": "PyTorch",
    "torch_fused": "PyTorch, fused",
    "torch_compiled": "PyTorch, compiled",
    "jax": "JAX",
    "eager": "PyTorch",
    "fused": "PyTorch, fused",
}


def speed():
    """Return the core's speed beside its peers' as Markdown."""
    training, prediction, memory, goal = (
        read(name) for name in ("training_speed", "prediction_speed", "memory", "time_to_accuracy")
    )
    networks = prediction["networks"]
    one = [of["one_row"]["ratios"]["sklearn"]["over_backprop"] for of in networks.values()]
    many = [of["all_rows"]["ratios"]["roofline"]["over_backprop"] for of in networks.values()]
    seconds = {name: of["median_seconds"] for name, of in goal["contestants"].items()}
    versions = training["versions"] | training["peers"]
    return "\n".join(
        [
            *speed_rows(training),
            "",
            f"An epoch of 60,000 Fashion-MNIST rows in float32 with Adam, {training['threads']} threads for each "
            f"program, medians of {training['rounds']} alternating rounds (`{training['command']}`). "
            f"{who_is_ahead(training)} {100 * goal['goal']:g} % on MNIST's test set, with {goal['network']} and "
            f"settings chosen for each program, takes {seconds['backprop']:.1f} s here, {seconds['torch']:.1f} s in "
            f"PyTorch and {seconds['sklearn']:.1f} s in scikit-learn (`{goal['command']}`). Predicting one row is "
            f"{min(one):.1f} to {max(one):.1f} times as fast as scikit-learn's, and 10,000 rows run at {min(many):.2f} "
            f"to {max(many):.2f} of the bare products' speed (`{prediction['command']}`). Fitting 60,000 rows of 784 "
            f"adds {memory['in_memory']['backprop']['added_mb']:.0f} MB to the data; "
            f"{memory['memory_mapped']['data_mb'] / 1000:.0f} GB of rows in a mapped file train in "
            f"{memory['memory_mapped']['backprop']['peak_mb']:.0f} MB (`{memory['command']}`).",
            "",
            *_waiting(),
            *_sparse(),
            f"numpy {versions['numpy']}, scikit-learn {versions['scikit-learn']}, PyTorch {versions['torch']}, numba "
            f"{versions['numba']}; {training['machine']['cores']} cores ({training['machine']['processor']}).",
        ]
    )


def speed_rows(training):
    """Return the table of training speeds, as Markdown: list of str.

    Where whole fits were measured, the last column is what each further epoch takes.
    """
    peers = "the best of PyTorch and JAX takes" if "jax" in training["peers"] else "PyTorch takes"
    header = ("network", "an epoch", peers, "scikit-learn takes", "share of the bare products")
    rows = []
    for name, of in training["networks"].items():
        ratios, ours = of["ratios"], of["contestants"]["backprop"]
        peer = of.get("best_peer", of.get("torch_mode", "torch"))
        best = ratios.get("best_peer", ratios["torch"])["over_backprop"]
        alone = f" | {ours['epochs_alone']:.2f} s" if "epochs_alone" in ours else ""
        rows.append(
            f"| {name} | {ours['median']:.2f} s | {best:.2f} × ({_PEERS.get(peer, peer)}) "
            f"| {ratios['sklearn']['over_backprop']:.2f} × | {ratios['roofline']['over_backprop']:.2f}{alone} |"
        )
    whole = all("epochs_alone" in of["contestants"]["backprop"] for of in training["networks"].values())
    header += ("a further epoch",) if whole else ()
    return [f"| {' | '.join(header)} |", "|---" * len(header) + "|", *rows]


def who_is_ahead(training):
    """Say where a peer is faster."""
    behind = [
        name
        for name, of in training["networks"].items()
        if of["ratios"].get("best_peer", of["ratios"]["torch"])["over_backprop"] < 1
    ]
    if not behind:
        return "No peer is faster in any of them."
    return f"A peer is faster on {' and '.join(behind)}."


def _waiting():
    """Return what a user waits for as Markdown lines, where it was measured."""
    if not (FOLDER / "waiting_time.json").exists():
        return []
    record = read("waiting_time")
    names = {"backprop": "here", "sklearn": "scikit-learn", "torch": "PyTorch", "jax": "JAX"}
    contestants = list(next(iter(next(iter(record["networks"].values())).values()))["seconds"])
    rows = [
        f"| {name} | {epochs} | {' | '.join(format(of['seconds'][each], '.2f') + ' s' for each in contestants)} |"
        for name, by_epochs in record["networks"].items()
        for epochs, of in by_epochs.items()
    ]
    return [
        "The time that a user waits, from the start of a program to its end, all loading included. Code that is "
        f"compiled once was already stored (`{record['command']}`):",
        "",
        f"| network | epochs | {' | '.join(names[each] for each in contestants)} |",
        "|---" * (2 + len(contestants)) + "|",
        *rows,
        "",
    ]


def _sparse():
    """Return how sparse rows are trained on as Markdown lines, where it was measured."""
    if not (FOLDER / "sparse_rows.json").exists():
        return []
    record = read("sparse_rows")
    each = [
        f"{of['seconds_of_an_epoch']:.1f} s an epoch and {of['peak_mb']:.0f} MB in all with {width} hidden units"
        for width, of in record["hidden"].items()
    ]
    return [
        f"{record['rows']:,} sparse rows of {record['columns']:,} columns with {record['numbers_a_row']} numbers each "
        f"take {', and '.join(each)} (`{record['command']}`).",
        "",
    ]
