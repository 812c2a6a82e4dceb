"""Trials: damaged files through the public verbs, each within five seconds and a gigabyte.

A trial is told by two numbers, a seed and a count, and can be repeated by them alone. It passes if the verb answers
with a result or with a sentence and an exit code of its own: no traceback, no hang, no greed, never a feature that is
no number.
"""

import contextlib
import json
import os
import resource
import signal
import time
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from tests.fuzz import seeds
from tests.fuzz.mutation import mutate

SECONDS = 5
EXIT_CODES = (0, 1, 2, 3, 4, 5, 6)
GIGABYTE = 1 << 30
SHARES = {
    "recording": 0.4,
    "picture": 0.25,
    "model": 0.12,
    "table": 0.08,
    "json lines": 0.04,
    "archive": 0.05,
    "recipe": 0.03,
    "list": 0.03,
}


class Hang(BaseException):
    """A verb took longer than it may."""


def _alarm(*_):
    raise Hang


class Workshop:
    """What trials need: a model of each task, a small data set, and a folder to write damaged files to.

    Parameters
    ----------
    folder : Path
        Models that it holds are used; others are trained, which takes a few seconds.
    """

    def __init__(self, folder):
        from pipelines.cli import cli

        self.folder, self._cli = Path(folder), cli
        self.folder.mkdir(parents=True, exist_ok=True)
        self.models = {}
        for task, dataset in (("speech", "spoken-digits"), ("images", "digits")):
            path = self.folder / f"{task}.safetensors"
            if not path.exists():
                code, _, errors = self.call("train", task, "--dataset", dataset, "--epochs", "2", "--out", path)
                if code:
                    raise RuntimeError(f"no model to try: {errors}")
            self.models[task] = path
        rng = np.random.default_rng(0)
        self._set = self.folder / "set"
        self.rows, self.files = [], {}
        for label in ("0", "1"):
            (self._set / label).mkdir(parents=True, exist_ok=True)
            for number in range(6):
                _, content = seeds.picture(rng)
                path = self._set / label / f"{number}.png"
                path.write_bytes(content)
                self.rows.append((f"set/{label}/{number}.png", label))
                self.files[f"{label}/{number}.png"] = content

    def call(self, *words, stdin=None):
        """Call the command line in this process: (exit code, output, errors); what is not meant to escape it does."""
        done = CliRunner().invoke(self._cli, [str(word) for word in words], input=stdin, prog_name="backprop")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    def trial(self, seed, count):
        """Make one trial: dict with "kind", "bytes", "seconds", "code", and "fault", None where it passed."""
        rng = np.random.default_rng([seed, count])
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        name, content = self._damage(kind, rng)
        path = self.folder / name
        path.write_bytes(content)
        # libraries may be imported meanwhile, and numba compiles: the machine decides how long, so it is not counted
        began, record = time.monotonic(), {"kind": kind, "bytes": len(content), "code": None, "fault": None}
        before = signal.signal(signal.SIGALRM, _alarm)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            record["code"], record["fault"] = self._judge(kind, path, content, rng)
        except Hang:
            record["fault"] = f"took longer than {SECONDS} s"
        except MemoryError:
            record["fault"] = "wanted more memory than there may be"
        except Exception as error:
            at = error.__traceback__
            while at.tb_next is not None:
                at = at.tb_next
            place = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"
            record["fault"] = f"{type(error).__name__} in {place}: {str(error)[:200]}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        record["seconds"] = round(time.monotonic() - began, 3)
        if record["fault"] is None:
            with contextlib.suppress(OSError):
                path.unlink()
        return record

    def _damage(self, kind, rng):
        other = [seeds.sound(rng)[1], seeds.picture(rng)[1]] if rng.random() < 0.1 else []
        if kind == "recording":
            name, content = seeds.sound(rng)
        elif kind == "picture":
            name, content = seeds.picture(rng)
        elif kind == "model":
            return "model.safetensors", self._damage_model(rng)
        elif kind == "table":
            name, content = seeds.table(rng, self.rows)
        elif kind == "json lines":
            name, content = seeds.json_lines(rng, self.rows)
        elif kind == "archive":
            name, content = seeds.archive(rng, self.files)
        elif kind == "recipe":
            values = {
                "epochs": 1,
                "hidden": [8],
                "learning_rate": 1e-3,
                "dropout": 0.1,
                "activation": "relu",
                "l2": 0.0,
            }
            name, content = "recipe.toml", seeds.recipe_text(values)
        else:
            name, content = seeds.words_list(rng, [path for path, _ in self.rows[:3]])
        text = kind in ("table", "json lines", "recipe", "list")
        return name, mutate(content, rng, other, text)

    def _damage_model(self, rng):
        """Return the contents of a model file that is damaged anywhere, or in its header alone and sealed again."""
        content = self.models[str(rng.choice(list(self.models)))].read_bytes()
        if rng.random() < 0.5:
            return mutate(content, rng)
        from safetensors import safe_open
        from safetensors.numpy import save

        from pipelines.models import bundle

        with safe_open(str(self.models["images"]), "numpy") as file:
            header = json.loads(file.metadata()[bundle.KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        header.pop("digest", None)
        _spoil(header, rng)
        header["digest"] = bundle._digest(tensors, header)
        return save(tensors, metadata={bundle.KEY: json.dumps(header)})

    def _judge(self, kind, path, content, rng):
        """Call the verb for a kind of file: (exit code, fault or None)."""
        model = self.models["speech" if kind == "recording" else "images"]
        if kind == "recording":
            verb = str(rng.choice(["predict", "transcribe"]))
            answer = self._of_stdin_or_path(verb, model, path, content, rng)
            return self._judge_answer(answer, features_of=path if verb == "predict" else None, task="speech")
        if kind == "picture":
            answer = self._of_stdin_or_path("predict", model, path, content, rng)
            return self._judge_answer(answer, features_of=path, task="images")
        if kind == "model":
            return self._judge_answer(self.call("predict", path, self._set, "--json"))
        if kind == "recipe":
            words = ("train", "images", "--dataset", self._set, "--epochs", 1, "--config", path)
            return self._judge_answer(self.call(*words, "--out", self.folder / "trained.safetensors", "--json"))
        if kind == "list":
            return self._judge_answer(self.call("predict", model, "--files-from", path, "--json"))
        return self._judge_answer(self.call("evaluate", model, "--dataset", path, "--json"))

    def _of_stdin_or_path(self, verb, model, path, content, rng):
        if rng.random() < 0.2:
            return self.call(verb, model, "-", "--json", stdin=content)
        return self.call(verb, model, path, "--json")

    def _judge_answer(self, answer, features_of=None, task=None):
        code, output, errors = answer
        if code not in EXIT_CODES:
            return code, f"exit code {code}"
        if "not enough memory" in errors or "Unable to allocate" in errors:
            return code, f"memory: {errors.strip()[-200:]}"
        if "Traceback" in errors + output:
            return code, "a traceback was printed"
        if code and not errors.strip():
            return code, "failed without a word"
        if output.strip():
            json.loads(output, parse_constant=_no_number)
        if features_of is not None and code == 0:
            from pipelines.features.extraction import extract_all
            from pipelines.models import bundle

            stored, _, _ = extract_all(bundle.load(self.models[task]).extractor, [features_of], 1)
            if not np.isfinite(stored).all():
                return code, "features that are no numbers"
        return code, None


def _no_number(constant):
    raise ValueError(f"{constant} in JSON")


def _spoil(header, rng):
    """Change one entry of nested dicts and lists."""
    node = header
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[int(rng.integers(len(keys)))]
        if isinstance(node[key], dict | list) and node[key] and rng.random() < 0.8:
            node = node[key]
            continue
        odd = [None, -1, 0, 1, 2**31, 1e308, "", "x", [], {}, True, [[]], "../x", 0.5, [1, 2, 3]]
        if rng.random() < 0.2 and isinstance(node, dict):
            del node[key]
        else:
            node[key] = odd[int(rng.integers(len(odd)))]
        return


def limit_memory():
    """Let this process have a gigabyte more than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    wanted = pages * os.sysconf("SC_PAGE_SIZE") + GIGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (wanted, resource.getrlimit(resource.RLIMIT_AS)[1]))
