"""Do gray, 16 bit and transparency come out as they went in, whatever upscales them?"""

import imagecodecs
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from srkit_core.cli.app import run
from srkit_core.expressions import parse_call
from srkit_core.io.hidden_colours import fill_hidden
from srkit_core.io.images import Photo, read_image, read_photo, write_photo
from srkit_core.io.raster import gray_profile, on_white, srgb_profile, to_8_bit
from srkit_core.models.build import build_network
from srkit_core.models.find_model import open_model
from srkit_core.models.model import Model
from srkit_core.plan import bind_generator
from srkit_core.upscaling.backends.torch_backend import TorchBackend
from srkit_core.upscaling.upscale_file import upscale_file
from srkit_core.upscaling.upscale_options import UpscaleOptions

CPU = torch.device("cpu")
BASELINES = ["bicubic", "bilinear", "lanczos", "nearest"]


@pytest.fixture(scope="module")
def colourful(registry):
    """A network whose SR of gray is not gray."""
    bound = bind_generator(registry, parse_call("srvgg(features=8, blocks=1)"), 2)
    network = build_network(bound).eval()
    with torch.no_grad():
        network.body[-1].weight *= 10
    return Model(network, bound, 2)


@pytest.fixture
def model(request, registry, colourful):
    return colourful if request.param == "srvgg" else open_model(request.param, registry, 2, CPU)


def ramp(height=24, width=32, kind=np.uint16):
    """Return gray of more levels than 8 bit has, smooth enough that interpolation keeps to it."""
    values = np.arange(height * width, dtype=np.float64).reshape(height, width)
    full = np.iinfo(kind).max
    return (values / values.max() * 0.9 * full).astype(kind)


def save(path, channels):
    """Write gray, gray with alpha, RGB or RGBA of 8 or 16 bit with a library that knows them."""
    if path.suffix == ".png":
        path.write_bytes(imagecodecs.png_encode(channels))
    elif path.suffix == ".tif":
        count = 1 if channels.ndim == 2 else channels.shape[2]
        extra = ["unassalpha"] if count in (2, 4) else None
        kind = "minisblack" if count < 3 else "rgb"
        tifffile.imwrite(
            path,
            channels,
            photometric=kind,
            extrasamples=extra,
            planarconfig=None if count == 1 else "contig",
        )
    else:
        Image.fromarray(channels).save(path)
    return path


def stored(path):
    """Return what another library reads: channels as they are in the file."""
    if path.suffix == ".png":
        return imagecodecs.png_decode(path.read_bytes())
    return tifffile.imread(path) if path.suffix == ".tif" else np.array(Image.open(path))


def of(gray, *, alpha, colours):
    channels = [gray, gray // 2, gray // 3] if colours else [gray]
    if alpha:
        half = gray.shape[1] // 2
        cover = np.full_like(gray, np.iinfo(gray.dtype).max)
        cover[:, :half] = 0
        channels.append(cover)
    return np.dstack(channels) if len(channels) > 1 else gray


@pytest.mark.parametrize("model", [*BASELINES, "srvgg"], indirect=True)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_depth_gray_and_alpha_are_kept(tmp_path, model, kind, alpha, colours, ending):
    channels = of(ramp(kind=kind), alpha=alpha, colours=colours)
    source = save(tmp_path / f"in{ending}", channels)
    target = tmp_path / f"out{ending}"
    upscale_file(UpscaleOptions(""), TorchBackend(model), source, target)
    found = stored(target)
    assert found.dtype == kind
    assert found.shape == (48, 64, *channels.shape[2:])
    if kind == np.uint16:
        opaque = found[:, 34:] if found.ndim == 2 else found[:, 34:, 0]
        wanted = 300 if model.bound.name != "nearest" else 257
        assert len(np.unique(opaque)) > wanted or model.bound.name == "nearest"
        assert (opaque % 257 != 0).mean() > 0.9


@pytest.mark.parametrize("name", BASELINES)
def test_16_bit_is_interpolated_as_exactly_as_its_steps(tmp_path, registry, name):
    gray = ramp()
    source = save(tmp_path / "in.png", gray)
    upscale_file(
        UpscaleOptions(""),
        TorchBackend(open_model(name, registry, 2, CPU)),
        source,
        tmp_path / "out.png",
    )
    exact = build_network(bind_generator(registry, parse_call(f"{name}(quantise=false)"), 2))
    wanted = exact(torch.from_numpy(gray.astype(np.float64))[None, None] / 65535)[0, 0].numpy()
    found = stored(tmp_path / "out.png").astype(np.float64)
    assert np.abs(found - wanted.clip(0, 1) * 65535).max() <= 1


@pytest.mark.parametrize("name", BASELINES)
def test_8_bit_is_what_it_was(tmp_path, registry, name, smooth):
    Image.fromarray(smooth(20, 24)).save(tmp_path / "in.png")
    model = open_model(name, registry, 2, CPU)
    upscale_file(UpscaleOptions(""), TorchBackend(model), tmp_path / "in.png", tmp_path / "out.png")
    lr = torch.from_numpy(smooth(20, 24)).permute(2, 0, 1)[None] / 255
    wanted = (model(lr)[0].permute(1, 2, 0) * 255).round().byte().numpy()
    assert np.array_equal(read_image(tmp_path / "out.png"), wanted)


@pytest.mark.parametrize(
    ("ending", "mode"),
    [
        ("png", "L"),
        ("jpg", "L"),
        ("tif", "L"),
        ("jp2", "L"),
        ("webp", "RGB"),
        ("bmp", "RGB"),
        ("ppm", "RGB"),
    ],
)
@pytest.mark.parametrize("how", ["gray", "palette", "rgb", "cmyk"])
def test_gray_gives_gray(tmp_path, colourful, ending, mode, how):
    gray = Image.fromarray(ramp(kind=np.uint8))
    source = tmp_path / ("in.png" if how != "cmyk" else "in.tif")
    inks = [Image.new("L", gray.size)] * 3
    written = {
        "gray": lambda: gray,
        "palette": lambda: gray.convert("P"),
        "rgb": lambda: gray.convert("RGB"),
        "cmyk": lambda: Image.merge("CMYK", [*inks, gray]),
    }
    written[how]().save(source)
    target = tmp_path / f"out.{ending}"
    upscale_file(UpscaleOptions(""), TorchBackend(colourful), source, target)
    found = Image.open(target)
    assert found.mode == (mode if how == "gray" else "RGB")
    pixels = np.array(found.convert("RGB")).astype(int)
    spread = (pixels.max(axis=2) - pixels.min(axis=2)).max()
    assert spread <= (2 if ending in ("jpg", "webp", "jp2") else 0)


def test_colour_stays_colour(tmp_path, colourful, smooth):
    Image.fromarray(smooth(20, 24)).save(tmp_path / "in.png")
    upscale_file(
        UpscaleOptions(""), TorchBackend(colourful), tmp_path / "in.png", tmp_path / "out.png"
    )
    pixels = read_image(tmp_path / "out.png").astype(int)
    assert (pixels.max(axis=2) - pixels.min(axis=2)).max() > 50


def test_gray_is_the_luma_of_what_the_network_makes(tmp_path, colourful):
    gray = ramp(kind=np.uint8)
    Image.fromarray(gray).save(tmp_path / "in.png")
    upscale_file(
        UpscaleOptions(""), TorchBackend(colourful), tmp_path / "in.png", tmp_path / "out.png"
    )
    lr = torch.from_numpy(gray)[None, None].expand(1, 3, -1, -1) / 255
    with torch.no_grad():
        red, green, blue = colourful(lr)[0].double()
    luma = (0.299 * red + 0.587 * green + 0.114 * blue).clamp(0, 1).mul(255).round().numpy()
    assert np.abs(stored(tmp_path / "out.png") - luma).max() <= 1
    assert (red - blue).abs().max() > 0.01


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
def test_a_gray_copy_of_a_file_with_a_profile_has_one_for_gray(tmp_path, ending):
    gray = ramp(kind=np.uint8)
    pixels = np.repeat(gray[:, :, None], 3, axis=2)
    write_photo(tmp_path / f"a.{ending}", Photo(pixels, profiled=True, gray=True))
    with Image.open(tmp_path / f"a.{ending}") as found:
        assert (found.mode, found.info["icc_profile"]) == ("L", gray_profile())
    assert srgb_profile() != gray_profile() == gray_profile()
    again = read_photo(tmp_path / f"a.{ending}")
    assert (again.gray, again.profiled) == (True, True)
    assert np.abs(again.pixels.astype(int) - pixels).max() <= (3 if ending == "jpg" else 0)


# Transparency


GARBAGE = {"cyan": (0, 255, 255), "black": (0, 0, 0), "white": (255, 255, 255)}


def disc(kind, garbage, *, gray=False):
    """Return a red (or gray) disc on what nobody sees."""
    rows, columns = np.mgrid[:40, :40]
    inside = (rows - 20) ** 2 + (columns - 20) ** 2 < 144
    full = np.iinfo(kind).max
    seen, hidden = np.array([0.8, 0.1, 0.1]), np.array(garbage) / 255
    colours = np.where(inside[:, :, None], seen, hidden)
    cover = inside.astype(float)
    channels = np.dstack([colours[:, :, :1] if gray else colours, cover])
    return (channels * full).round().astype(kind)


def as_palette(channels, path):
    """Write colours as a palette with tRNS, transparent ones each with a place of its own."""
    inside = channels[:, :, 3] > 0
    picture = Image.fromarray(inside.astype(np.uint8), "P")
    picture.putpalette([*channels[0, 0, :3].tolist(), *channels[20, 20, :3].tolist()])
    picture.save(path, transparency=0)
    return path


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("model", [*BASELINES, "srvgg"], indirect=True)
@pytest.mark.parametrize(
    "form", ["rgba-8", "rgba-16", "la-8", "la-16", "palette", "tif-16", "webp"]
)
def test_what_is_hidden_does_not_bleed(tmp_path, model, garbage, form):
    kind = np.uint16 if "16" in form else np.uint8
    channels = disc(kind, garbage, gray=form.startswith("la"))
    flat = np.broadcast_to(channels[20, 20], channels.shape).copy()
    for name, picture in (("hidden", channels), ("flat", flat)):
        path = tmp_path / f"{name}.png"
        if form == "palette":
            as_palette(picture, path) if name == "hidden" else save(path, picture)
        elif form == "webp":
            Image.fromarray(picture).save(path.with_suffix(".webp"), lossless=True, exact=True)
            path = path.with_suffix(".webp")
        else:
            path = path.with_suffix(".tif") if form.startswith("tif") else path
            save(path, picture)
        upscale_file(UpscaleOptions(""), TorchBackend(model), path, tmp_path / f"{name}-out.png")
    ours, wanted = (
        np.atleast_3d(stored(tmp_path / f"{name}-out.png")) for name in ("hidden", "flat")
    )
    step = np.iinfo(ours.dtype).max / 255
    cover = ours[:, :, -1].astype(int)
    colours = slice(0, ours.shape[2] - 1)
    difference = np.abs(ours[:, :, colours].astype(int) - wanted[:, :, colours])
    assert cover[0, 0] == 0
    assert (difference[cover > 0] / step).max() <= 1


@pytest.mark.parametrize("out", ["jpg", "ppm", "png"])
def test_no_halo_is_left_when_it_is_laid_on_white(tmp_path, registry, out):
    save(tmp_path / "a.png", disc(np.uint8, (0, 0, 255)))
    upscale_file(
        UpscaleOptions(""),
        TorchBackend(open_model("bicubic", registry, 2, CPU)),
        tmp_path / "a.png",
        tmp_path / f"b.{out}",
    )
    laid = read_image(tmp_path / f"b.{out}").astype(int)
    blue = laid[:, :, 2] - laid[:, :, 1]
    assert np.abs(blue).max() <= (24 if out == "jpg" else 1)


def test_resized_and_flattened_pictures_show_nothing_hidden(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, garbage in GARBAGE.items():
        save(folder / f"{name}.png", disc(np.uint8, garbage))
    assert run(
        ["prepare", str(folder), str(tmp_path / "out"), "--resize", "28x28", "--patch", "whole",
         "--format", "files", "--scale", "1", "--workers", "1", "--keep-duplicates"]
    ) == 0  # fmt: skip
    pictures = [read_image(path) for path in sorted((tmp_path / "out/hr").glob("*.png"))]
    assert len(pictures) == 3
    assert all(np.array_equal(one, pictures[0]) for one in pictures)
    whole = [read_image(folder / f"{name}.png") for name in GARBAGE]
    assert all(np.array_equal(one, whole[0]) for one in whole)


def test_each_clear_pixel_has_the_colour_of_the_nearest_one():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (30, 37, 3), dtype=np.uint8)
    alpha = (rng.random((30, 37)) < 0.03).astype(np.uint8) * 255
    filled = fill_hidden(colours, alpha)
    seen = np.argwhere(alpha)
    assert np.array_equal(filled[alpha > 0], colours[alpha > 0])
    misses = []
    for row, column in np.argwhere(alpha == 0):
        far = ((seen - (row, column)) ** 2).sum(axis=1)
        same = (colours[tuple(seen.T)] == filled[row, column]).all(axis=1)
        assert same.any()
        misses.append(far[same].min() ** 0.5 - far.min() ** 0.5)
    assert max(misses) < 1.2  # Danielsson's sweeps are nearly exact
    assert sum(one > 0 for one in misses) < 0.05 * len(misses)


def test_what_is_seen_is_never_touched():
    colours = np.random.default_rng(0).integers(0, 65536, (9, 11, 3), dtype=np.uint16)
    for alpha in (np.zeros((9, 11), np.uint16), np.full((9, 11), 1, np.uint16), None):
        assert np.array_equal(fill_hidden(colours, alpha), colours)
    alpha = np.full((9, 11), 65535, np.uint16)
    alpha[4] = 0
    filled = fill_hidden(colours, alpha)
    assert np.array_equal(filled[[3, 5]], colours[[3, 5]])
    assert np.array_equal(to_8_bit(on_white(filled, alpha)), to_8_bit(on_white(colours, alpha)))
