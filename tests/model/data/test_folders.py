"""Folders of pictures and of recordings, and files of other kinds."""

from __future__ import annotations

import struct
import wave

import numpy as np
import pytest
from PIL import Image

from boardproof.errors import InputError
from boardproof.model.data.options import DataOptions, Pixels
from boardproof.model.data.read import read_data, sizes_of
from boardproof.model.graph import DType
from boardproof.model.samples import InputSpec

RGB = InputSpec("image", (4, 6, 3))
GRAY = InputSpec("image", (4, 6, 1))


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for kind, suffix in (("cat", "png"), ("dog", "bmp")):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number in range(2):
            pixels = rng.integers(0, 256, (4, 6, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / kind / f"{number}.{suffix}")
    return tmp_path / "photos"


def refused(call, *args):
    with pytest.raises(InputError) as caught:
        call(*args)
    assert caught.value.hint
    return caught.value


def test_the_folder_is_the_class(photos):
    samples = read_data(photos).samples((RGB,))
    np.testing.assert_array_equal(samples.labels, [0, 0, 1, 1])
    assert samples.classes == ("cat", "dog")
    first = np.asarray(Image.open(photos / "cat" / "0.png"))
    np.testing.assert_array_equal(samples.inputs["x"][0], first.astype(np.float32) / np.float32(255))
    assert samples.notes[0] == "labels: cat is 0, dog is 1, in alphabetical order; --labels gives another"
    assert samples.notes[1].startswith("photos: pixels scaled to 0..1, a guess")


def test_classes_in_the_users_order(photos):
    samples = read_data(photos, DataOptions(labels=("dog", "cat"))).samples((RGB,))
    np.testing.assert_array_equal(samples.labels, [1, 1, 0, 0])
    error = refused(read_data, photos, DataOptions(labels=("cat", "bird")))
    assert error.message == "The folder dog is dog, which is not one of the classes cat is 0, bird is 1."


@pytest.mark.parametrize(
    ("values", "pixels", "low", "high"),
    [
        (None, Pixels.BYTES, 0, 255),
        (None, Pixels.SIGNED, -1, 1),
        ((0.0, 255.0), None, 0, 255),
        ((-1.0, 0.99), None, -1, 1),
        ((0.0, 1.0), None, 0, 1),
    ],
)
def test_pixels_are_scaled_as_asked_or_as_the_model_takes_them(tmp_path, values, pixels, low, high):
    Image.fromarray(np.array([[0, 255]], np.uint8)).save(tmp_path / "a.png")
    spec = InputSpec("image", (1, 2, 1), values=values)
    samples = read_data(tmp_path, DataOptions(pixels=pixels)).samples((spec,))
    np.testing.assert_array_equal(samples.inputs["x"][0, 0, :, 0], np.array([low, high], np.float32))
    assert samples.labels is None


def test_bytes_stay_bytes(photos):
    samples = read_data(photos).samples((InputSpec("image", (4, 6, 3), DType.UINT8),))
    assert samples.inputs["x"].dtype == np.uint8


def test_other_sizes_are_resized_and_said(photos):
    samples = read_data(photos).samples((InputSpec("image", (2, 3, 1)),))
    assert samples.inputs["x"].shape == (4, 2, 3, 1)
    assert "4 of 4 pictures resized to 2x3" in samples.notes[1]


def test_an_open_size_is_that_of_the_pictures(photos):
    sizes = sizes_of(read_data(photos), DataOptions())
    assert sizes(0, (None, None, 3), "x") == (4, 6, 3)
    assert sizes_of(None, DataOptions(input_shape=((8, 8, 1),)))(0, (None, None, 1), "x") == (8, 8, 1)
    Image.new("RGB", (9, 9)).save(photos / "cat" / "2.png")
    error = refused(sizes_of(read_data(photos), DataOptions()), 0, (None, None, 3), "x")
    assert error.message == (
        "The pictures in photos have different sizes (cat/0.png: 4x6, cat/2.png: 9x9), and the model leaves its "
        "input's size open."
    )
    assert "--input-shape" in error.hint


def test_an_open_size_is_that_of_pictures_held_upright(tmp_path):
    image = Image.new("RGB", (6, 4))
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned
    image.save(tmp_path / "a.jpg", exif=exif)
    found = read_data(tmp_path)
    assert found.size(0, (None, None, 3), "x") == (6, 4, 3)
    assert "resized" not in found.samples((InputSpec("image", (6, 4, 3)),)).notes[0]


def test_unreadable_pictures_are_named(photos):
    (photos / "dog" / "0.bmp").write_bytes(b"no picture")
    error = refused(read_data(photos).samples, (RGB,))
    assert error.message.startswith("The picture dog/0.bmp in photos cannot be read: cannot identify image file")
    assert str(photos) not in error.message
    Image.fromarray(np.zeros((4, 6), np.uint16)).save(photos / "cat" / "0.png")
    error = refused(read_data(photos).samples, (RGB,))
    assert error.message == "The picture cat/0.png in photos cannot be read: its values are wider than a byte."


def test_what_is_no_picture_for_this_model(photos):
    error = refused(read_data(photos).samples, (InputSpec("x", (10,)),))
    assert "takes samples of shape [10], which are not pictures" in error.message


def test_sets_are_not_classes(photos):
    (photos / "cat").rename(photos / "train")
    (photos / "dog").rename(photos / "test")
    error = refused(read_data, photos)
    assert error.message == f"The folders in {photos} are test, train: sets, not classes."
    assert str(photos / "test") in error.hint


def test_folders_without_samples(tmp_path):
    error = refused(read_data, tmp_path)
    assert error.message == f"{tmp_path} is a folder, and holds no pictures (.png, .jpg, .bmp, …) or sounds (.wav)."
    np.save(tmp_path / "x.npy", np.zeros(3))
    assert f"Give the file itself: {tmp_path / 'x.npy'}." in refused(read_data, tmp_path).hint


def test_folders_one_too_high(photos, tmp_path):
    (tmp_path / "all").mkdir()
    photos.rename(tmp_path / "all" / "train")
    error = refused(read_data, tmp_path / "all")
    assert error.message.endswith("or sounds (.wav); they lie deeper, as train/cat/0.png.")
    assert error.hint.endswith(f"such as {tmp_path / 'all' / 'train'}.")


def test_a_folder_of_other_files(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"ID3")
    error = refused(read_data, tmp_path)
    assert error.message.endswith("or sounds (.wav), but a.mp3.")
    assert error.hint == "Convert its files to one of these, as for training."


def test_other_files_are_said_to_be_left_out(photos):
    (photos / "cat" / "9.heic").write_bytes(b"x")
    (photos / "cat" / "Thumbs.db").write_bytes(b"x")
    assert read_data(photos).samples((RGB,)).notes[0] == "photos: 1 files of other kinds are left out: cat/9.heic"


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp"])
def test_more_kinds_of_pictures(photos, suffix):
    Image.open(photos / "dog" / "0.bmp").save(photos / "dog" / f"9.{suffix}")
    assert len(read_data(photos).samples((RGB,)).labels) == 5
    assert len(read_data(photos / "dog" / f"9.{suffix}").samples((RGB,)).inputs["x"]) == 1


def test_an_input_made_for_other_values_is_a_guess(photos):
    standardised = InputSpec("image", (4, 6, 3), values=(-4.0, 4.4))
    note = read_data(photos).samples((standardised,)).notes[-1]
    assert note.startswith("photos: pixels scaled to -1..1, as the model's input holds -4 to 4.4: a guess")


def record(path, values, *, rate=16000, channels=1, width=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.asarray(values, "<i2" if width == 2 else "u1").tobytes())


def test_recordings(tmp_path):
    record(tmp_path / "no" / "a.wav", [16384, -32768])
    record(tmp_path / "yes" / "b.wav", [1, 2, 3, 4, 5])
    samples = read_data(tmp_path).samples((InputSpec("x", (4, 1)),))
    np.testing.assert_array_equal(samples.inputs["x"][0, :, 0], np.array([0.5, -1, 0, 0], np.float32))
    np.testing.assert_array_equal(samples.labels, [0, 1])
    assert samples.notes[-1].endswith("1 shorter ones are filled with silence; 1 longer ones are cut off at the end")
    raw = read_data(tmp_path / "yes" / "b.wav").samples((InputSpec("x", (5,), DType.INT16),))
    np.testing.assert_array_equal(raw.inputs["x"], [[1, 2, 3, 4, 5]])
    assert sizes_of(read_data(tmp_path), DataOptions())(0, (None, 1), "x") == (5, 1)


def test_recordings_that_do_not_fit(tmp_path):
    record(tmp_path / "a.wav", [1, 2])
    record(tmp_path / "b.wav", [1, 2], channels=2)
    spec = (InputSpec("x", (4,)),)
    error = refused(read_data(tmp_path).samples, spec)
    assert "b.wav" in error.message
    assert error.message.endswith("has 2 channels; the model takes one.")
    assert "pan=mono|c0=c0" in error.hint
    record(tmp_path / "b.wav", [1, 2], rate=8000)
    error = refused(read_data(tmp_path).samples, spec)
    assert "has 8000 samples a second; a.wav" in error.message
    error = refused(read_data(tmp_path).samples, (InputSpec("x", (49, 40)),))
    assert "[49, 40], which is no waveform" in error.message
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    assert "b.wav" in refused(read_data(tmp_path).samples, spec).message
    (tmp_path / "b.wav").write_bytes(b"ID3" + bytes(50))
    assert "it is no WAV file, whatever its name says" in refused(read_data(tmp_path).samples, spec).message


def stored(kind, bits, data, *, extensible=False, channels=1):
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, channels, 16000, 16000 * frame, frame, bits)
    if extensible:
        form += struct.pack("<HHIH14x", 22, bits, 0, kind)
    parts = (
        b"fmt " + struct.pack("<I", len(form)) + form + b"LIST\x03\x00\x00\x00abc\0data" + struct.pack("<I", len(data))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(parts) + len(data)) + b"WAVE" + parts + data


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("kind", "bits", "data", "said"),
    [
        (1, 8, bytes([192, 0, 128]), "8 bits"),
        (1, 24, b"\x00\x00\x40\x00\x00\x80\x00\x00\x00", "24 bits"),
        (1, 32, struct.pack("<3i", 1 << 30, -(1 << 31), 0), "32 bits"),
        (3, 32, struct.pack("<3f", 0.5, -1, 0), "floats"),
        (3, 64, struct.pack("<3d", 0.5, -1, 0), "floats"),
    ],
)
def test_recordings_of_other_forms(kind, bits, data, said, extensible, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(stored(kind, bits, data, extensible=extensible))
    samples = read_data(path).samples((InputSpec("x", (3,)),))
    np.testing.assert_array_equal(samples.inputs["x"], np.float32([[0.5, -1, 0]]))
    assert samples.notes[-1].endswith(f"; read from {said}")
    whole = read_data(path).samples((InputSpec("x", (3,), DType.INT16),))
    np.testing.assert_array_equal(whole.inputs["x"], [[16384, -32768, 0]])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (stored(7, 8, b"abcd"), "it holds mu-law of 8 bits"),
        (stored(1, 12, b"abcd"), "its header makes no sense"),
        (stored(3, 32, struct.pack("<f", float("nan"))), "it holds values that are no numbers"),
        (b"RIFF\x04\x00\x00\x00WAVE", "it is cut short"),
    ],
)
def test_recordings_that_cannot_be_read(content, reason, tmp_path):
    (tmp_path / "a.wav").write_bytes(content)
    error = refused(read_data(tmp_path / "a.wav").samples, (InputSpec("x", (3,)),))
    assert error.message == f"The recording a.wav cannot be read: {reason}."
    assert "pcm_s16le" in error.hint


def test_recordings_that_are_not_all_there(tmp_path):
    spec = (InputSpec("x", (4,)),)
    record(tmp_path / "a.wav", [])
    assert refused(read_data(tmp_path).samples, spec).message == (f"The recording a.wav in {tmp_path.name} is empty.")
    record(tmp_path / "a.wav", [1, 2, 3, 4])
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:-4])
    assert refused(read_data(tmp_path).samples, spec).message.endswith("cut short: 2 of its 4 samples are there.")


@pytest.mark.parametrize(
    ("name", "content", "says", "hint"),
    [
        ("a.npz", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer", "git lfs pull"),
        ("a.pkl", b"\x80\x04\x95", "a Python pickle", "run code"),
        ("a.tfrecord-00000-of-00002", b"\x10\0\0\0\0\0\0\0ab", "a file of unknown kind", "TFRecordDataset"),
        ("a.heic", b"\0\0\0\x18ftypheic", "a file of unknown kind", "PNG or JPEG"),
        ("a.mp3", b"ID3\x04", "a file of unknown kind", "pcm_s16le"),
        ("a.jsonl", b'{"x": 1}', "a text file", "lines=True"),
        ("a.parquet", b"PAR1\x15\x04", "a file of unknown kind", "to_csv"),
        ("a.mat", b"MATLAB 5.0 MAT-file", "a text file", "scipy.io.loadmat"),
        ("a.tflite", b"\x1c\0\0\0TFL3", "a .tflite model", "goes before the options"),
        ("a.npy", b"", "it is an empty file", "numpy.savez"),
    ],
)
def test_files_of_other_kinds(tmp_path, name, content, says, hint):
    (tmp_path / name).write_bytes(content)
    error = refused(read_data, tmp_path / name)
    assert error.message.startswith(f"{name} does not hold samples: ")
    assert says in error.message
    assert hint in error.hint


def test_folders_that_archivers_and_notebooks_leave_are_no_classes(tmp_path):
    for name in ("cat", "dog", ".ipynb_checkpoints", "__MACOSX"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / name / "a.png")
    samples = read_data(tmp_path).samples((InputSpec("x", (4, 4, 1)),))
    np.testing.assert_array_equal(samples.labels, [0, 1])
    assert samples.classes == ("cat", "dog")


def test_of_pictures_that_move_the_first_frame_is_taken_and_that_is_said(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (255, 0)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    samples = read_data(tmp_path / "a.png").samples((InputSpec("x", (4, 4, 1)),))
    assert (samples.inputs["x"] == 1).all()
    assert samples.notes[0] == "a.png: 1 of 1 pictures have several frames: the first is taken"
