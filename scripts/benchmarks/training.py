"""How fast one core trains: fedmpi's training loop beside PyTorch's and beside oneDNN's primitives."""

from .figures import factor, gflops, median, percent, spread
from .machine import TUNED
from .run import Contender

EDGECNN_MFLOP, RESNET18_MFLOP = 7.128, 3332.684
BATCH = "32"
BF16 = "fedmpi, bf16"


def edgecnn(bench):
    """EdgeCNN-large, with oneDNN's primitives alone."""
    size, epochs = ("2000", "3") if bench.is_quick else ("8000", "4")
    torch = bench.python("torch_throughput.py", "edgecnn-large", BATCH, size, epochs)
    peers = [
        Contender("PyTorch, as it comes", torch),
        Contender("PyTorch, allocator tuned", torch, TUNED),
        Contender("oneDNN primitives alone", bench.program("onednn_step", BATCH, size, epochs)),
    ]
    found = measure(bench, "edgecnn-large", EDGECNN_MFLOP, size, epochs, peers, repetitions=3)
    for instructions, (rates, share) in zip(bench.sets, found):
        bench.check("one core, share of sgemm", share, instructions)
        for tuning in ("tuned", "as it comes"):
            peer = next(rate for name, rate in rates.items() if name.startswith("PyTorch") and tuning in name)
            ratio = rates[instructions.label("fedmpi")] / peer
            bench.check(f"one core, against PyTorch {tuning}", ratio, instructions)
    rates = found[0][0]
    if BF16 in rates:
        bench.check("one core, bf16 to f32", rates[BF16] / rates["fedmpi"])


def resnet18(bench):
    """ResNet-18 for images of 32 × 32."""
    size, epochs = ("64", "2") if bench.is_quick else ("96", "3")
    torch = bench.python("torch_throughput.py", "resnet18", BATCH, size, epochs)
    peers = [
        Contender("PyTorch, as it comes", torch, only_once=True),
        Contender("PyTorch, allocator tuned", torch, TUNED),
        Contender("PyTorch, allocator tuned, channels last", [*torch, "channels_last"], TUNED),
    ]
    measure(bench, "resnet18", RESNET18_MFLOP, size, epochs, peers, repetitions=2)


def measure(bench, model, mflop, size, epochs, peers, repetitions):
    """Writes the section of a model; returns for each instruction set everyone's rate by name, and fedmpi's share of
    sgemm."""
    command = [bench.options.binaries / "training-throughput", model, BATCH, size, epochs, "1"]
    ours = bench.with_bf16(Contender("fedmpi", command), "bf16")
    sgemm = Contender("limit: OpenBLAS sgemm, 1024 × 1024", bench.program("sgemm"))
    runs = bench.alternate(bench.on_each_set([*ours, *peers, sgemm]), repetitions)
    rows, found = [], []
    for instructions in bench.sets:
        names = [instructions.label(contender.name) for contender in (*ours, *peers)]
        names = [name for name in names if name in runs]
        # The first epoch warms up. fedmpi's line for the forward pass alone does not count either.
        each = {name: [median(run.numbers(r"^(?!evaluation).*?([\d.]+) samples/s")[1:]) for run in runs[name]]
                for name in names}  # fmt: skip
        rates = {name: median(values) for name, values in each.items()}
        fastest = rates[names[0]]
        rows += [
            [name, spread(each[name], 0 if rates[name] > 100 else 1), f"{gflops(rates[name], mflop):.1f}",
             factor(fastest / rates[name])]
            for name in names
        ]  # fmt: skip
        limit = instructions.label(sgemm.name)
        peak = [run.number(r"([\d.]+) GFLOP/s") for run in runs[limit]]
        share = gflops(fastest, mflop) / median(peak)
        rows.append([limit, "", spread(peak, 1), f"{percent(share)} of it"])
        found.append((rates, share))
    note = f"{model}, batch {BATCH}, f32 unless it says bf16, one thread; {mflop:,.1f} MFLOP a sample."
    bench.section(f"Training throughput of one core: {model}", note, ["", "samples/s", "GFLOP/s", "fedmpi is"], rows)
    return found
