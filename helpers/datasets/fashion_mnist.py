"""Fashion-MNIST: 70,000 images of clothes, 28 x 28, downloaded once (31 MB).

Zalando's pictures, MIT licence, https://github.com/zalandoresearch/fashion-mnist
The official address is plain http and often times out; these files are the ones
in the repository, pinned to a commit.
"""

from pathlib import Path

from helpers.datasets.downloads import RemoteFile, fetch, is_here
from helpers.datasets.idx_files import parse_idx
from helpers.datasets.images import LabelledImages, labelled_images
from helpers.errors import DataError, one_line
from helpers.paths import DOWNLOADS, display_path

FOLDER = DOWNLOADS / "fashion_mnist"
HIGHEST = 255
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
N_IMAGES = {"train": 60_000, "test": 10_000}
ADDRESS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
    "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/"
)
# The SHA-256 sums of MNIST's files, which have the same names.
MNIST: dict[str, str] = dict.fromkeys(
    (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    "the file of the same name that belongs to MNIST, which shows digits",
)
# The images and the labels of each part.
FILES = {
    "train": (
        RemoteFile(
            ADDRESS + "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            MNIST,
        ),
        RemoteFile(
            ADDRESS + "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            MNIST,
        ),
    ),
    "test": (
        RemoteFile(
            ADDRESS + "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            MNIST,
        ),
        RemoteFile(
            ADDRESS + "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            MNIST,
        ),
    ),
}


def load_fashion_mnist(
    part: str = "train", folder: str | Path = FOLDER
) -> LabelledImages:
    """Read Fashion-MNIST; its files are downloaded if they are not here.

    Args:
        part: "train", 60,000 images, or "test", 10,000.
        folder: where its files are kept, for this dataset alone.

    Returns:
        images [N, 28, 28], uint8, from 0 to 255; labels [N], int64, from 0 to
        9; the names of the classes; and 255, the highest value.

    Raises:
        DataError: there is no such part, a file cannot be downloaded or
            stored, or what lies there is something else.
    """
    folder = Path(folder)
    images, labels = (
        parse_idx(
            fetch(file, folder), n_dimensions, display_path(folder / file.name)
        )
        for file, n_dimensions in zip(_files(part), (3, 1), strict=True)
    )
    return labelled_images(
        images,
        labels,
        CLASS_NAMES,
        HIGHEST,
        shape=(N_IMAGES[part], 28, 28),
        name=f"Fashion-MNIST ({part})",
    )


def is_downloaded(part: str = "train", folder: str | Path = FOLDER) -> bool:
    """Tell whether the files of a part are here; asks no network.

    Args:
        part: "train" or "test".
        folder: where they are kept.

    Raises:
        DataError: there is no such part.
    """
    return all(is_here(file, Path(folder)) for file in _files(part))


def _files(part: str) -> tuple[RemoteFile, RemoteFile]:
    if part not in list(FILES):  # a list takes anything, hashable or not
        raise DataError(
            f'Fashion-MNIST has two parts, "train" and "test", and not '
            f"{one_line(part)}."
        )
    return FILES[part]
