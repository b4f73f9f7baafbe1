"""A model's text as a PyTorch module: what docs/MODELS.md says, read a second time, to compare with."""
import torch
from torch import nn


class Concat(nn.Module):
    def forward(self, *tensors):
        return torch.cat(tensors, 1)


class Add(nn.Module):
    def forward(self, *tensors):
        return sum(tensors[1:], tensors[0])


class TextModel(nn.Module):
    """`text` for samples of the shape `extents`, without the batch; the last `linear` has `outputs` outputs."""

    def __init__(self, text, extents, outputs):
        super().__init__()
        self.outputs = outputs
        self.steps = []  # name, module, names of inputs
        self.example = {"input": torch.zeros(2, *extents)}
        self.last = "input"
        texts = [layer.strip() for layer in text.replace("|", ",").split(",")]
        for index, layer in enumerate(texts):
            self._read(layer.split(), index == len(texts) - 1)
        del self.example

    def _read(self, words, is_last):
        kind, words = words[0], words[1:]
        name, sources = None, []
        if "as" in words:
            place = words.index("as")
            name = words[place + 1]
            del words[place:place + 2]
        if "from" in words:
            place = words.index("from")
            sources = words[place + 1:]
            del words[place:]
        sources = sources or [self.last]
        if kind in ("add", "concat"):
            sources, words = sources + words, []
        if kind == "linear" and self.example[sources[0]].dim() > 2:
            self._append(str(len(self.steps)), nn.Flatten(), sources)
            sources = [self.last]
        module = self._module(kind, words, self.example[sources[0]].shape[1:], is_last)
        self._append(name or str(len(self.steps)), module, sources)

    def _append(self, name, module, sources):
        # state_dict keys have the dots of the name in them, as nested modules would.
        parent = self
        *path, leaf = name.split(".")
        for part in path:
            if not hasattr(parent, part):
                parent.add_module(part, nn.Module())
            parent = getattr(parent, part)
        parent.add_module(leaf, module)
        self.steps.append((name, module, sources))
        module.eval()
        with torch.no_grad():
            self.example[name] = module(*(self.example[source] for source in sources))
        module.train()
        self.last = name

    def _module(self, kind, words, shape, is_last):
        def option(name, default):
            if name not in words:
                return default
            place = words.index(name)
            value = int(words[place + 1])
            del words[place:place + 2]
            return value

        def flag(name):
            if name not in words:
                return False
            words.remove(name)
            return True

        def window(default):
            sides = [word for word in words if word.replace("x", "").isdigit()]
            return int(sides[0].split("x")[0]) if sides else default

        stride, pad = option("stride", None), option("pad", 0)
        if kind in ("conv", "depthwise"):
            dilation, bias = option("dilation", 1), not flag("no-bias")
            groups = option("groups", 1)
            width = int(words.pop(0)) if kind == "conv" else shape[0]
            groups = groups if kind == "conv" else shape[0]
            return nn.Conv2d(shape[0], width, window(3), stride or 1, pad, dilation, groups, bias)
        if kind == "linear":
            bias = not flag("no-bias")
            width = int(words[0]) if words else self.outputs
            assert words or is_last
            return nn.Linear(shape[0], width, bias)
        if kind == "batchnorm":
            return nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
        if kind == "groupnorm":
            return nn.GroupNorm(int(words[0]), shape[0])
        if kind == "layernorm":
            return nn.LayerNorm(list(shape))
        if kind == "maxpool":
            ceil = flag("ceil")
            return nn.MaxPool2d(window(2), stride, pad, ceil_mode=ceil)
        if kind == "avgpool":
            return nn.AvgPool2d(window(2), stride, pad)
        if kind == "leaky-relu":
            return nn.LeakyReLU(float(words[0]) if words else 0.01)
        if kind == "dropout":
            return nn.Dropout(float(words[0]))
        simple = {
            "relu": nn.ReLU, "relu6": nn.ReLU6, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid,
            "flatten": nn.Flatten, "global-avgpool": lambda: nn.AdaptiveAvgPool2d(1), "add": Add, "concat": Concat}
        return simple[kind]()

    def forward(self, x):
        tensors = {"input": x}
        for name, module, sources in self.steps:
            tensors[name] = module(*(tensors[source] for source in sources))
        return tensors[self.last]
