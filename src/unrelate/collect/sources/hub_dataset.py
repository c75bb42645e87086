"""``datasets:NAME_OR_FOLDER[:SPLIT]``: a data set of the Hugging Face hub, or a folder laid out as one.

A card (README.md) or a row may name files anywhere, and the library would open them. So the files are
checked before one is opened, only the columns that are needed are read, and a picture that is
named rather than held must lie where the data do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from unrelate.collect.sources.extra import imported
from unrelate.collect.sources.hub_columns import Columns, Kind, choose, kind_of, kind_of_value
from unrelate.collect.sources.reading import LIMITS, called, encodable, picture_in, text, texts
from unrelate.collect.types import Record, SourceFailed
from unrelate.errors import UserError

ALLOWED = "a folder, or owner/name on the hub"
# The library's readers that decode nothing by pickle and start nothing.
READERS = ("arrow", "csv", "imagefolder", "json", "parquet", "text")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class HubDataset:
    """The rows of one split, streamed; nothing is downloaded beyond what is read, and no code of the
    data set runs.

    The caption is the column called ``caption``, ``text`` or ``captions``, or the only one of text; a list
    in it gives one record each. A picture is bytes as stored, never decoded here. Where a row
    holds its picture, as in parquet, those bytes are read with the row.

    Args:
        data: a folder, or ``owner/name`` on the hub.
        split: such as ``train``; may be empty where there is only one.
    """

    data: str
    split: str = ""

    @property
    def name(self) -> str:
        shown = called("datasets", Path(self.data)) if self._local else f"datasets:{self.data}"
        return f"{shown}:{self.split}" if self.split else shown

    @property
    def _local(self) -> bool:
        return Path(self.data).is_dir()

    def records(self) -> Iterator[Record]:
        """Every row with a caption; its key is ``split/row``, and ``split/row/n`` for a further caption.

        Raises:
            UserError: no such data set or split, no column that is surely the caption, a kind of
                file that is not read, a file elsewhere, or one that is damaged.
        """
        datasets = imported("datasets", "datasets:")
        if not self._local and not _NAME.fullmatch(self.data):
            raise UserError(f"'{self.data}' is neither a folder nor the name of a data set", ALLOWED)
        some = False
        try:
            split, rows, columns = self._open(datasets)
            for number, row in enumerate(rows):
                for record in self._records(f"{split}/{number}", row, columns):
                    some = True
                    yield record
        except UserError:
            raise
        except Exception as error:  # damaged data raises whatever the format's parser trips over
            reason = " ".join(str(error).split())[:300]
            raise UserError(
                f"cannot be read ({type(error).__name__}: {reason})", ALLOWED, where=self.data
            ) from error
        if not some:
            raise UserError("has no captions", ALLOWED, where=f"{self.data}: {split}")

    def _open(self, datasets: Any) -> tuple[str, Any, Columns]:
        """The split, its rows with the chosen columns alone, and which these are."""
        # A bare name could be one of the library's own readers, so a folder is given by its whole path.
        where = str(Path(self.data).resolve()) if self._local else self.data
        builder = datasets.load_dataset_builder(where)
        self._check(builder)
        splits = builder.as_streaming_dataset()
        split = self.split or (next(iter(splits)) if len(splits) == 1 else "")
        if split not in splits:
            had = f"no split '{split}'" if split else f"{len(splits)} splits"
            raise UserError(
                f"has {had}", ", ".join(map(str, splits)), "name one: datasets:DATA:SPLIT", self.data
            )
        rows = splits[split]
        features = rows.features
        if features is None:
            first = next(iter(islice(rows, 1)), {})
            kinds: dict[str, Kind] = {str(name): kind_of_value(value) for name, value in first.items()}
        else:
            kinds = {str(name): kind_of(feature) for name, feature in features.items()}
        columns = choose(kinds, f"{self.data}: {split}")
        rows = rows.select_columns(columns.all())
        if features is not None and isinstance(features.get(columns.picture), datasets.Image):
            rows = rows.cast_column(columns.picture, datasets.Image(decode=False))
        return str(split), rows, columns

    def _check(self, builder: Any) -> None:
        """Raises:
        UserError: the library would read files in another format, or files that lie elsewhere.
        """
        reader = type(builder).__module__.rpartition(".")[2]
        if reader not in READERS:
            raise UserError(
                f"holds '{reader}' data",
                f"data for {', '.join(READERS)}",
                "for tar files there is the source 'webdataset:'",
                self.data,
            )
        files = [str(file) for listed in (builder.config.data_files or {}).values() for file in listed]
        for file in files:
            if not self._within(file):
                raise UserError(
                    f"names a file elsewhere: {file}", "files in the data set itself", where=self.data
                )

    def _within(self, file: str) -> bool:
        if self._local:
            return Path(file).resolve().is_relative_to(Path(self.data).resolve())
        return file.startswith(f"hf://datasets/{self.data}@") and ".." not in file.split("/")

    def _records(self, key: str, row: Mapping[str, object], columns: Columns) -> Iterator[Record]:
        where = f"{self.data}: {key}"
        licence = text(row, columns.licence, where) if columns.licence else ""
        picture = self._picture(row.get(columns.picture), f"row {key}") if columns.picture else None
        for turn, said in enumerate(texts(row, columns.caption, where)):
            yield Record(f"{key}/{turn}" if turn else key, said, picture, licence=licence)

    def _picture(self, value: object, where: str) -> Callable[[], bytes] | None:
        if value is None:
            return None
        held, file = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (None, None)
        if isinstance(held, bytes):
            return lambda: _limited(held, where)
        if not isinstance(file, str):
            return lambda: _refuse(f"{where} holds no picture")
        return self._file(file, where)

    def _file(self, file: str, where: str) -> Callable[[], bytes]:
        """Reads a picture that lies beside the table, when it is called."""
        shown = repr(encodable(re.split(r"[/\\]", file)[-1]))
        if not self._within(file):
            return lambda: _refuse(f"{where} names {shown}, which does not lie in the data set")
        if self._local:
            folder = Path(self.data).resolve()
            return picture_in(folder, Path(file).resolve().relative_to(folder).as_posix())

        def read() -> bytes:
            import fsspec

            try:
                with fsspec.open(file, "rb") as opened:
                    return _limited(opened.read(LIMITS.max_bytes + 1), where)  # pyright: ignore[reportAttributeAccessIssue]
            except SourceFailed:
                raise
            except Exception as error:  # whatever the network and the hub's client raise
                raise SourceFailed(f"{where}: {shown} cannot be fetched ({type(error).__name__})") from error

        return read


def _limited(data: bytes, where: str) -> bytes:
    if len(data) > LIMITS.max_bytes:
        raise SourceFailed(f"{where} has a picture of more than {LIMITS.max_bytes} bytes")
    return data


def _refuse(why: str) -> bytes:
    raise SourceFailed(why)
