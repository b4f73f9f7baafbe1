import FedCore
import Federation
import Foundation
import NeuralNet
import Records
import TestSupport
import Testing

@testable import SplitLearning

/// Steps across the cut against PyTorch 2 in float64:
///
/// ```python
/// pixels = torch.tensor([(i * 37 + i // 784 * 11) % 256 for i in range(6 * 784)], dtype=float64).reshape(6, 784) / 255
/// first, second = Linear(784, 64), Linear(64, 10)   # weights as `hashed` below, divided by sqrt(fan in)
/// SGD(parameters, lr=0.1, momentum=0.9, weight_decay=0.01), two steps of the mean cross-entropy of all six
/// ```
@Suite(.tags(.wholeRun), .unlessQuick) struct PyTorchTests {
    /// One client with six images, all in one batch, so that their order does not matter.
    private static func withSplit<R>(_ body: (SplitModel) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pixels: [UInt8] = (0..<6 * 784).map { (i: Int) in UInt8((i * 37 + i / 784 * 11) % 256) }
        for split in ["train", "t10k"] {
            let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 28, 0, 0, 0, 28]
            try Data(header + pixels)
                .write(to: folder.appendingPathComponent("\(split)-images-idx3-ubyte"))
            let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 6, 3, 1, 4, 1, 5, 9]
            try Data(labels).write(to: folder.appendingPathComponent("\(split)-labels-idx1-ubyte"))
        }
        var settings = Runs.settings(.shared) {
            $0.clients = 1
            $0.batchSize = 6
            $0.epochs = 2
            $0.lr = 0.1
            $0.momentum = 0.9
            $0.weightDecay = 0.01
            $0.partition = "iid"
        }
        settings.dataset = "idx:\(folder.path)"
        return try body(SplitModel(Job(settings)))
    }

    /// Reproducible numbers on [−1, 1).
    private static func hashed(_ count: Int, salt: UInt64) -> [Float] {
        (0..<UInt64(count)).map { index in
            var x = ((index + salt * 0x9E37_79B9) &* 2_654_435_761) & 0xFFFF_FFFF
            x ^= x >> 16
            x = (x * 0x85EB_CA6B) & 0xFFFF_FFFF
            x ^= x >> 13
            return Float(Double(x >> 8) * 0x1p-23 - 1)
        }
    }

    private static let weights: [Float] = {
        let (front, back) = (
            hashed(784 * 64, salt: 100) + hashed(64, salt: 101), hashed(640, salt: 102) + hashed(10, salt: 103)
        )
        let root = Float(784).squareRoot()
        return front.map { $0 / root } + back.map { $0 / 8 }
    }()

    private static func norm(_ values: ArraySlice<Float>) -> Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    private static func isNear(_ value: some BinaryFloatingPoint, _ expected: Double, by tolerance: Double = 1e-5)
        -> Bool
    {
        abs(Double(value) - expected) <= tolerance * max(abs(expected), 1e-3)
    }

    @Test func `Two steps across the cut are PyTorch's`() throws {
        try Self.withSplit { split in
            let device = try DevicePart(split)
            let server = try ServerPart(split)
            let weights = Self.weights
            try device.start(0, RoundID(1), from: weights.span.extracting(split.frontRange))
            try server.start(round: 1, from: weights.span.extracting(split.backRange))
            let key = DropoutKey(seed: 1, round: 1, client: 0, step: 0)
            var losses: [Double] = []
            var norms: [Double] = []
            while !device.isDone {
                var gradient = [Float](repeating: .nan, count: 6 * 64)
                var span = gradient.mutableSpan
                let result = try device.forward { features, labels in
                    try server.step(features: features, labels: labels, dropout: key, gradient: &span)
                }
                try device.backward(gradient.span)
                losses.append(result.lossSum / 6)
                norms.append(Self.norm(gradient[...]))
            }
            #expect(losses.count == 2)
            #expect(Self.isNear(losses[0], 2.306982756651942) && Self.isNear(losses[1], 1.884517015187736))
            #expect(Self.isNear(norms[0], 0.22789043786907334), "the gradient that goes back, of the first step")

            var change = [Float](repeating: .nan, count: weights.count)
            var front = [Float](repeating: .nan, count: split.frontRange.count)
            var back = [Float](repeating: .nan, count: split.backRange.count)
            var frontSpan = front.mutableSpan
            try device.storeChange(into: &frontSpan)
            var backSpan = back.mutableSpan
            try server.storeChange(since: weights.span.extracting(split.backRange), into: &backSpan)
            change = front + back
            let expected: [(entry: String, norm: Double, first: Double, last: Double)] = [
                ("1.weight", 0.5582641907055543, -8.74417037088418e-05, -0.0008389135302768178),
                ("1.bias", 0.03300455429357666, 9.119750256463693e-05, -0.004496726243169113),
                ("3.weight", 0.18157936255476684, -0.00023610851810872135, -0.0012848552524232781),
                ("3.bias", 0.08491659840103043, -0.022457478589452587, 0.02216371019319329),
            ]
            let entries = split.job.model.parameterLayout.entries
            #expect(entries.map(\.name) == expected.map(\.entry))
            for (entry, expected) in zip(entries, expected) {
                let values = change[entry.range]
                #expect(Self.isNear(Self.norm(values), expected.norm), "\(entry.name)")
                #expect(Self.isNear(values.first ?? .nan, expected.first, by: 1e-3), "\(entry.name)")
                #expect(Self.isNear(values.last ?? .nan, expected.last, by: 1e-3), "\(entry.name)")
            }
        }
    }
}
