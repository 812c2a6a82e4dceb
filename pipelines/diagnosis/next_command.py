"""The next command: the advice of a diagnosis, as words of the command line."""


def write_words(record, asked):
    """Return the words of the command to try next, without the program's name: list of str.

    Parameters
    ----------
    record : dict of JSON types, of a diagnosis, with "next"
    asked : dict
        The requested "epochs" and "least_steps", if they are known. The record has the values for so many rows.
    """
    from pipelines.learning import tasks

    step = record["next"]
    if step["verb"] == "evaluate":
        return ["evaluate", record["model"] or "MODEL"]  # a model that is only in memory
    preset = step["preset"] or record["preset"]
    words = [step["verb"], record["task"], *([] if record["bundled_fallback"] else ["--dataset", record["dataset"]])]
    words += ["--preset", preset] if preset not in (None, "fast") else []
    presets = tasks.find(record["task"]).presets
    if preset in presets:
        usual = presets[preset].settings()
        settings = {**(record["recipe"] if not step["preset"] else usual), **step["changes"]}
        for name in ("epochs", "least_steps"):  # the record has values for so many rows; use the requested ones
            if name not in step["changes"]:
                settings[name] = usual[name] if step["preset"] else asked.get(name, usual[name])
        words += _write_options({name: value for name, value in settings.items() if value != usual[name]})
    return [*words, *(["--seed", str(record["seed"])] if record["seed"] else [])]


def _write_options(changes):
    """Return recipe entries as options of the command line."""
    words = []
    if "epochs" in changes:
        changes = {name: value for name, value in changes.items() if name != "least_steps"}
    for name, value in changes.items():
        if name == "hidden" and value:
            words += ["--hidden", ",".join(map(str, value))]
        elif name == "epochs":
            words += ["--epochs", str(value)]
        else:
            words += ["--set", f"{name}={_write_value(value)}"]
    return words


def _write_value(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)
