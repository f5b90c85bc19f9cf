"""The network: a backbone that knows photos, and a light decoder that goes back up to a quarter of the size.

At the coarsest size every place looks at every other one (`attention`), and at a sixteenth of the size a list
is drawn up of the classes that the photo shows: whether a striped dress is one garment or four is seen from afar, not
from near.

The backbone has no batch norms (they are folded when it is loaded); the decoder has, and `fold` takes them out for
export.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.config import BackboneName
from training.labels import CLASS_COUNT
from training.network.attention import Attention
from training.network.efficientnet import EfficientNet, packaged_weights
from training.network.mobilenet import MobileNet

DECODER_CHANNELS = 96
ATTENTION_LAYERS = 2
INPUT_STRIDE, OUTPUT_STRIDE = 16, 4


class Separable(nn.Sequential):
    """A 3 × 3 depthwise and a 1 × 1 convolution, batch norms and one ReLU.

    Not 5 × 5: oneDNN has no fast kernel for the gradient of its weights, and it took longer than the whole backbone.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )


class Lateral(nn.Sequential):
    """A convolution to the decoder's width, of each `step` × `step` pixels to one."""

    def __init__(self, inputs: int, step: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, DECODER_CHANNELS, step, step, bias=False),
            nn.BatchNorm2d(DECODER_CHANNELS),
            nn.ReLU(),
        )


class ClothingNet(nn.Module):
    """Backbone and decoder."""

    def __init__(self, backbone: BackboneName = "mobilenet_v2") -> None:
        super().__init__()
        width = DECODER_CHANNELS
        self.backbone_name: BackboneName = backbone
        self.backbone = create_backbone(backbone)
        half, quarter, eighth, sixteenth, *coarser = self.backbone.channels
        self.coarse = Lateral(sixteenth)
        self.context = Lateral(coarser[0]) if coarser else None
        self.attend = nn.Sequential(*(Attention(width) for _ in range(ATTENTION_LAYERS)))
        self.decode16 = nn.Sequential(Separable(width), Separable(width))
        self.presence = nn.Conv2d(width, CLASS_COUNT, 1)
        self.prior = nn.Conv2d(CLASS_COUNT, CLASS_COUNT, 1)
        self.lateral8 = Lateral(eighth)
        self.decode8 = nn.Sequential(Separable(width), Separable(width))
        self.lateral4 = Lateral(quarter)
        # Features at twice the output's resolution say where within a pixel of the output an edge runs.
        self.lateral2 = Lateral(half, step=2)
        self.decode4 = nn.Sequential(Separable(width), Separable(width))
        self.classify = nn.Conv2d(width, CLASS_COUNT, 1)
        nn.init.zeros_(self.prior.weight)

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, 3, H, W) float32, RGB, x / 127.5 - 1, sides multiples of 16, to logits (N, 10, H / 4, W / 4)."""
        logits, _ = self.look(image)
        return logits

    def look(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits, and for each class those of the photo showing it somewhere, (N, 10)."""
        half, fine, middle, *coarse = self.backbone(image)
        x = self.decode16(self._attended(*coarse))
        presence = self.presence(functional.adaptive_avg_pool2d(x, 1))
        x = self.decode8(_double(x) + self.lateral8(middle))
        x = self.decode4(_double(x) + self.lateral4(fine) + self.lateral2(half))
        logits: Tensor = self.classify(x) + self.prior(presence)
        return logits, presence.flatten(1)

    def _attended(self, coarse: Tensor, coarsest: Tensor | None = None) -> Tensor:
        """Give features at a sixteenth of the size, each of which depends on the whole photo."""
        x: Tensor = self.coarse(coarse)
        if self.context is None:
            attended: Tensor = self.attend(x)
            return attended
        around = _double(self.attend(self.context(coarsest)))
        # An odd side was rounded up.
        return x + around[:, :, : x.shape[2], : x.shape[3]]


def create_backbone(name: BackboneName) -> MobileNet | EfficientNet:
    """Create an untrained backbone."""
    if name == "mobilenet_v2":
        return MobileNet()
    return EfficientNet("lite0" if name == "efficientnet_lite0" else "lite1")


def load_backbone(network: ClothingNet, folder: Path) -> None:
    """Take what the backbone learnt before.

    Args:
        network: Whose backbone it is.
        folder: Where the weights of MobileNetV2 lie; those of others are in packages.
    """
    backbone = network.backbone
    if isinstance(backbone, EfficientNet):
        backbone.load(packaged_weights(backbone.variant))
    else:
        backbone.load(folder / "mobilenet_v2.npz")


def fold(network: ClothingNet) -> ClothingNet:
    """Fold every batch norm into the convolution before it, in place. The network is in evaluation mode after."""
    network.eval()
    for parent in network.modules():
        if not isinstance(parent, Separable | Lateral):
            continue
        for index in range(len(parent) - 1):
            conv, norm = parent[index], parent[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                parent[index] = fuse_conv_bn_eval(conv, norm)
                parent[index + 1] = nn.Identity()
    return network


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
