"""Files that people give as samples, and how to make samples of what is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.filekind import FileKind, describe, file_kind

if TYPE_CHECKING:
    from pathlib import Path

_SAVE = "Save them with numpy.savez(path, x=inputs, y=labels) or numpy.save(path, inputs), or as .csv."

_SHARD = re.compile(r"\.tfrecords?(-\d+-of-\d+)?$|\.tfrec$")
_AS_PNG = "Save the picture as PNG or JPEG."
_BY_SUFFIX = {
    **dict.fromkeys((".avif", ".heic", ".heif", ".pgm", ".pnm", ".ppm", ".svg"), _AS_PNG),
    **dict.fromkeys(
        (".flac", ".m4a", ".mp3", ".ogg"), "Convert it to .wav: ffmpeg -i IN -ac 1 -c:a pcm_s16le OUT.wav."
    ),
    ".arff": "Load it with scipy.io.arff.loadarff, and save its numbers as .csv.",
    ".arrow": 'Save the table as CSV: pandas.read_feather(path).to_csv("samples.csv", index=False).',
    ".db": "Select the rows, and save them as .csv.",
    ".feather": 'Save the table as CSV: pandas.read_feather(path).to_csv("samples.csv", index=False).',
    ".json": _SAVE,
    ".jsonl": 'Save the table as CSV: pandas.read_json(path, lines=True).to_csv("samples.csv", index=False).',
    ".mat": "Load it with scipy.io.loadmat, and save its arrays with numpy.savez(path, x=inputs, y=labels).",
    ".parquet": 'Save the table as CSV: pandas.read_parquet(path).to_csv("samples.csv", index=False).',
    ".txt": "If it is a table, rename it to .csv or .tsv.",
    ".xls": "Save the sheet as CSV.",
    ".xlsx": "Save the sheet as CSV.",
}
_BY_KIND = {
    FileKind.GIT_LFS: "Get the file itself with `git lfs pull`.",
    FileKind.PICKLE: "Pickles run code when they are loaded, so they never are: " + _SAVE[0].lower() + _SAVE[1:],
    FileKind.TFLITE: "This looks like a model: it goes before the options.",
    FileKind.KERAS: "This looks like a model: it goes before the options.",
    FileKind.HDF5: "Read its data with h5py, and save the arrays with numpy.savez(path, x=inputs, y=labels).",
    FileKind.ZIP: "Unpack it, and give the folder or the file in it.",
    FileKind.GZIP: "Unpack it, and give the folder or the file in it.",
    FileKind.PICTURE: "Name it by what it is, .png, .jpg or .bmp.",
    FileKind.TEXT: "If it is a table, name it .csv or .tsv; else save it with numpy.savez(path, x=inputs, y=labels).",
}


def not_samples(path: Path, data: bytes) -> InputError:
    """The error for a file that holds no samples that boardproof reads."""
    kind = file_kind(data)
    hint = _BY_SUFFIX.get(path.suffix.lower()) or _BY_KIND.get(kind, _SAVE)
    if _SHARD.search(path.name.lower()):
        hint = "Iterate over the tf.data.TFRecordDataset once, and save the arrays with numpy.savez."
    what = describe(data)
    return InputError(f"{path.name} does not hold samples: {'it is ' * (kind is FileKind.EMPTY)}{what}.", hint)
