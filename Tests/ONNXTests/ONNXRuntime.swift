import FedCore
import Foundation
import NeuralNet
import ONNX
import Testing

/// What onnxruntime makes of files, by a Python with `onnx` and `onnxruntime`.
enum ONNXRuntime {
    static let python = ProcessInfo.processInfo.environment["FEDMPI_PYTHON"]

    /// How far a file's scores are from a model's.
    struct Difference: Decodable {
        /// The largest difference of all samples' scores.
        let all: Double
        /// The largest difference where a sample is alone.
        let one: Double
        /// The largest score.
        let largest: Double
        /// Keys of parameters that the file has not, or with other numbers.
        let lost: [String]
    }

    private struct Parameter: Encodable {
        let name: String
        let shape: [Int]
    }

    private struct Case: Encodable {
        let folder: String
        let shape: [Int]
        let parameters: [Parameter]
    }

    /// (x − mean) / deviation by channel, the first axis of three, or by column of a row.
    private static func normalized(
        _ samples: [Float], _ model: Model, _ normalization: ONNXFile.Normalization
    ) -> [Float] {
        let size = model.input.count / normalization.means.count
        return samples.indices.map { place in
            let group = place % model.input.count / size
            return (samples[place] - normalization.means[group]) / normalization.deviations[group]
        }
    }

    /// Compares variants' files with their scores, in one process; each passes ONNX's own checker.
    /// - Parameters:
    ///   - variants: models with their weights.
    ///   - samples: number of samples.
    ///   - normalization: what the files normalise their inputs by; ours get them normalised.
    static func differences(
        _ variants: [Variant], samples count: Int, normalizedBy normalization: ONNXFile.Normalization? = nil
    ) throws -> [Difference] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        var cases: [Case] = []
        for (index, variant) in variants.enumerated() {
            let place = folder.appendingPathComponent("\(index)")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            func write(_ floats: [Float], _ name: String) throws {
                try floats.withUnsafeBytes { try Data($0).write(to: place.appendingPathComponent(name)) }
            }
            let samples = ExportedModels.samples(of: variant.model, count)
            try Data(ONNXFile.encoded(variant, normalizedBy: normalization)).write(
                to: place.appendingPathComponent("model.onnx"))
            try write(samples, "samples")
            let seen = normalization.map { normalized(samples, variant.model, $0) } ?? samples
            try write(try ExportedModels.scores(variant, seen, count), "scores")
            var parameters: [Parameter] = []
            if case .float32(let trained) = variant.weights {
                try write(trained.weights, "weights")
                parameters = variant.model.parameterLayout.entries.map { Parameter(name: $0.name, shape: $0.shape) }
            }
            cases.append(
                Case(folder: place.path, shape: variant.model.input.extents, parameters: parameters))
        }
        let list = folder.appendingPathComponent("cases.json")
        try JSONEncoder().encode(cases).write(to: list)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-c", script, list.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try JSONDecoder().decode([Difference].self, from: bytes)
    }

    private static let script = """
        import json, sys, numpy, onnx, onnxruntime
        differences = []
        for case in json.load(open(sys.argv[1])):
            folder = case["folder"]
            try:
                model = onnx.load(folder + "/model.onnx")
                onnx.checker.check_model(model, full_check=True)
                assert [i.version for i in model.opset_import] == [17], model.opset_import
                assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
                session = onnxruntime.InferenceSession(folder + "/model.onnx", providers=["CPUExecutionProvider"])
                samples = numpy.fromfile(folder + "/samples", "<f4").reshape([-1] + case["shape"])
                scores = numpy.fromfile(folder + "/scores", "<f4").reshape(len(samples), -1)
                (all,) = session.run(None, {"image": samples})
                (one,) = session.run(None, {"image": samples[:1]})
                assert all.shape == scores.shape, (all.shape, scores.shape)
                initial = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
                lost, start = [], 0
                for parameter in case["parameters"]:
                    count = int(numpy.prod(parameter["shape"]))
                    weights = numpy.fromfile(folder + "/weights", "<f4", count, offset=4 * start)
                    start += count
                    found = initial.get(parameter["name"])
                    if found is None or not numpy.array_equal(found, weights.reshape(parameter["shape"])):
                        lost.append(parameter["name"])
                differences.append(dict(
                    all=float(abs(all - scores).max()), one=float(abs(one - scores[:1]).max()),
                    largest=float(abs(scores).max()), lost=lost))
            except Exception as error:
                differences.append(dict(all=1e30, one=1e30, largest=1, lost=[str(error)]))
        print(json.dumps(differences))
        """
}
