"""Fetching gives the registered file or an error that says what to do, and never leaves anything half-made."""

import threading
import time

import pytest

from pipelines.datasets import fetching
from pipelines.datasets.fetching import UnreachableError, fetch_files, is_local
from pipelines.door.progress import telling
from pipelines.errors import DataError

CONTENT = bytes(range(256)) * 2000


def answer(content, promised=None):
    def route(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) if promised is None else promised))
        handler.end_headers()
        handler.wfile.write(content)

    return route


def answer_without_length(content):
    def route(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(content)

    return route


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_fetched_file_has_the_registered_content_and_place_and_is_not_fetched_twice(data_home, server, source_of):
    server.routes["/data.bin"] = answer(CONTENT)
    source = source_of(CONTENT, f"{server.url}/data.bin")
    assert not is_local(source)
    for _ in range(2):
        assert fetch_files(source) == [data_home / "downloads" / "toy" / "data.bin"]
    assert files_below(data_home) == [data_home / "downloads" / "toy" / "data.bin"]
    assert files_below(data_home)[0].read_bytes() == CONTENT
    assert is_local(source)
    assert server.requests == ["/data.bin"]


def test_when_the_first_address_has_nothing_the_second_is_asked(data_home, server, source_of):
    server.routes["/second.bin"] = answer(CONTENT)
    [path] = fetch_files(source_of(CONTENT, f"{server.url}/first.bin", f"{server.url}/second.bin"))
    assert path.read_bytes() == CONTENT
    assert server.requests == ["/first.bin", "/second.bin"]


def test_a_mirror_address_comes_before_all_others(data_home, server, source_of, monkeypatch):
    monkeypatch.setenv("BACKPROP_MIRROR", f"{server.url}/mirror/")
    server.routes["/mirror/toy/data.bin"] = answer(CONTENT)
    fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    assert server.requests == ["/mirror/toy/data.bin"]


def test_a_mirror_folder_comes_before_all_addresses(data_home, server, source_of, monkeypatch, tmp_path):
    (tmp_path / "mirror" / "toy").mkdir(parents=True)
    (tmp_path / "mirror" / "toy" / "data.bin").write_bytes(CONTENT)
    monkeypatch.setenv("BACKPROP_MIRROR", str(tmp_path / "mirror"))
    [path] = fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    assert path.read_bytes() == CONTENT
    assert server.requests == []


@pytest.mark.parametrize("wrong", [CONTENT[:-1] + b"x", CONTENT + b"x"], ids=["altered", "too long"])
def test_a_mirror_with_other_content_is_not_believed_and_the_next_address_is_asked(
    data_home, server, source_of, monkeypatch, tmp_path, wrong
):
    (tmp_path / "mirror" / "toy").mkdir(parents=True)
    (tmp_path / "mirror" / "toy" / "data.bin").write_bytes(wrong)
    monkeypatch.setenv("BACKPROP_MIRROR", str(tmp_path / "mirror"))
    server.routes["/data.bin"] = answer(CONTENT)
    [path] = fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    assert path.read_bytes() == CONTENT


def test_a_wrong_checksum_is_an_error_that_is_not_called_unreachable_and_leaves_nothing(data_home, server, source_of):
    server.routes["/data.bin"] = answer(CONTENT[:-1] + b"x")
    source = source_of(CONTENT, f"{server.url}/data.bin")
    with pytest.raises(DataError, match=r"toy: toy/data\.bin was found, but with the wrong content") as caught:
        fetch_files(source)
    assert not isinstance(caught.value, UnreachableError)
    for told in (f"{server.url}/data.bin", "BACKPROP_MIRROR", source.files[0].sha256, str(data_home / "downloads")):
        assert told in str(caught.value)
    assert files_below(data_home) == []


@pytest.mark.parametrize("route", [answer(CONTENT[:70_000], len(CONTENT)), answer_without_length(CONTENT[:70_000])])
def test_a_download_that_breaks_off_counts_as_unreachable_and_leaves_nothing(data_home, server, source_of, route):
    server.routes["/data.bin"] = route
    with pytest.raises(UnreachableError, match="of 512000 bytes"):
        fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    assert files_below(data_home) == []


def test_what_no_address_has_is_unreachable_and_every_place_tried_is_told(data_home, server, source_of, monkeypatch):
    monkeypatch.setenv("BACKPROP_MIRROR", "/no/such/mirror")
    with pytest.raises(UnreachableError) as caught:
        fetch_files(source_of(CONTENT, f"{server.url}/gone", "http://127.0.0.1:1/closed"))
    for told in (
        "/no/such/mirror/toy/data.bin: No such file",
        f"{server.url}/gone: answers 404",
        "1/closed: cannot be",
    ):
        assert told in str(caught.value)


def test_an_address_that_never_answers_is_given_up(data_home, server, source_of, monkeypatch):
    released = threading.Event()
    server.routes["/slow"] = lambda handler: released.wait(20)
    server.routes["/data.bin"] = answer(CONTENT)
    monkeypatch.setattr(fetching, "ANSWER_SECONDS", 0.3)
    start = time.monotonic()
    [path] = fetch_files(source_of(CONTENT, f"{server.url}/slow", f"{server.url}/data.bin"))
    released.set()
    assert path.read_bytes() == CONTENT
    assert time.monotonic() - start < 5


def test_an_address_that_falls_silent_is_given_up(data_home, server, source_of, monkeypatch):
    released = threading.Event()

    def route(handler):
        answer(CONTENT[:100_000], len(CONTENT))(handler)
        handler.wfile.flush()
        released.wait(20)

    server.routes["/data.bin"] = route
    monkeypatch.setattr(fetching, "SILENCE_SECONDS", 0.3)
    with pytest.raises(UnreachableError, match="broke off"):
        fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    released.set()
    assert files_below(data_home) == []


def test_a_damaged_local_file_is_noticed_and_fetched_again(data_home, server, source_of, caplog):
    server.routes["/data.bin"] = answer(CONTENT)
    source = source_of(CONTENT, f"{server.url}/data.bin")
    [path] = fetch_files(source)
    path.write_bytes(CONTENT[:-1] + b"x")
    caplog.set_level("INFO", "backprop")
    fetch_files(source)
    assert path.read_bytes() == CONTENT
    assert f"{path}: is not the registered file" in caplog.text


def test_a_file_put_into_the_downloads_folder_by_hand_is_taken(data_home, source_of):
    (data_home / "downloads" / "toy").mkdir(parents=True)
    (data_home / "downloads" / "toy" / "data.bin").write_bytes(CONTENT)
    [path] = fetch_files(source_of(CONTENT))
    assert path.read_bytes() == CONTENT


def test_a_downloads_folder_that_cannot_be_written_is_an_error_of_its_own(data_home, server, source_of):
    data_home.write_text("a file where the folder should be")
    server.routes["/data.bin"] = answer(CONTENT)
    with pytest.raises(DataError, match=r"cannot be written .*BACKPROP_DATA") as caught:
        fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    assert not isinstance(caught.value, UnreachableError)


def test_a_disk_without_room_is_noticed_before_anything_is_fetched(data_home, server, source_of, monkeypatch):
    class Usage:
        free = 10

    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(DataError, match="it needs 512 kB, and only 0 kB are free"):
        fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    assert server.requests == []


def test_two_runs_side_by_side_both_get_the_file(data_home, server, source_of):
    server.routes["/data.bin"] = answer(CONTENT)
    source, paths = source_of(CONTENT, f"{server.url}/data.bin"), []
    threads = [threading.Thread(target=lambda: paths.extend(fetch_files(source))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() for path in paths] == [CONTENT] * 6
    assert files_below(data_home) == paths[:1]


def test_progress_goes_to_stderr_in_plain_lines_without_a_terminal(data_home, server, source_of, capsys):
    server.routes["/data.bin"] = answer(CONTENT)
    with telling(True):
        fetch_files(source_of(CONTENT, f"{server.url}/data.bin"))
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err == f"toy: data.bin (512 kB) from {server.url.removeprefix('http://')}\n"
