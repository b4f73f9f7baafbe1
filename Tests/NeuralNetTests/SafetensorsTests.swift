import FedCore
import Files
import Foundation
import NeuralNet
import Testing

struct SafetensorsTests {
    private let layout = ParameterLayout([("0.weight", [2, 3]), ("0.bias", [2])])
    private let weights: [Float] = [1, -2, 3.5, 0, .greatestFiniteMagnitude, 6, 7, -8]

    private func file(_ header: String, _ bodyBytes: Int) -> [UInt8] {
        let length = header.utf8.count
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: bodyBytes)
    }

    @Test func `weights come back with their names, shapes and metadata`() throws {
        let original = Safetensors(layout, weights: weights.span, metadata: ["model": "test", "seed": "7 \"é\""])
        let read = try Safetensors(decoding: original.encoded())
        #expect(read == original)
        #expect(try read.weights(for: layout) == weights)
    }

    @Test func `the bytes are the format's`() throws {
        let tiny = ParameterLayout([("a", [1])])
        let one: [Float] = [1]
        let bytes = try Safetensors(tiny, weights: one.span).encoded()
        let header = #"{"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}  "#
        #expect(bytes == [56, 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0, 0, 0x80, 0x3F])
    }

    @Test func `a truncated or prolonged file is refused`() throws {
        let bytes = try Safetensors(layout, weights: weights.span).encoded()
        for count in [0, 7, 20, bytes.count - 1] {
            #expect(throws: SafetensorsError.self) { try Safetensors(decoding: Array(bytes.prefix(count))) }
        }
        #expect(throws: SafetensorsError.wrongSize(expectedBytes: bytes.count, actualBytes: bytes.count + 1)) {
            try Safetensors(decoding: bytes + [0])
        }
    }

    @Test(arguments: [
        "not JSON", "[]", #"{"a":{"dtype":"F32","shape":[1]}}"#,
        // Overlapping, gapped, negative, overflowing, inconsistent.
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[],"data_offsets":[]}}"#,
    ])
    func `a header that makes no sense is refused`(header: String) {
        let error = #expect(throws: SafetensorsError.self) { try Safetensors(decoding: file(header, 8)) }
        guard case .badHeader = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a file of anything else is refused`() {
        #expect(throws: SafetensorsError.self) { try Safetensors(decoding: Array("PK\u{3}\u{4}, a zip archive".utf8)) }
        let long = file(#"{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}"#, 8)
        #expect(throws: SafetensorsError.unsupportedType(tensor: "a", type: "I32")) {
            try Safetensors(decoding: long)
        }
    }

    @Test func `PyTorch's counters of batches are passed over`() throws {
        let header = """
            {"1.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},\
            "1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[8,16]},\
            "1.weight":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}
            """
        let read = try Safetensors(decoding: file(header, 24))
        #expect(read.tensors.map(\.name) == ["1.bias", "1.weight"])
        #expect(throws: SafetensorsError.unsupportedType(tensor: "1.step", type: "I64")) {
            try Safetensors(decoding: file(#"{"1.step":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}"#, 8))
        }
        #expect(throws: SafetensorsError.wrongSize(expectedBytes: 226, actualBytes: 225)) {
            try Safetensors(decoding: file(header, 23))
        }
    }

    @Test func `another model's weights are refused by name`() throws {
        let file = Safetensors(layout, weights: weights.span)
        #expect(throws: SafetensorsError.misnamed(tensor: "1.weight", actual: "0.weight")) {
            try file.weights(for: ParameterLayout([("1.weight", [2, 3])]))
        }
        #expect(throws: SafetensorsError.wrongShape(tensor: "0.weight", expected: [3, 2], actual: [2, 3])) {
            try file.weights(for: ParameterLayout([("0.weight", [3, 2]), ("0.bias", [2])]))
        }
        #expect(throws: SafetensorsError.unexpected(tensor: "0.bias")) {
            try file.weights(for: ParameterLayout([("0.weight", [2, 3])]))
        }
    }

    /// Needs `FEDMPI_PYTHON`, a Python with `safetensors` and `numpy`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil))
    func `Python's safetensors reads the file`() throws {
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let model = Model.edgeCNNLarge
        let weights = model.initialWeights(seed: 3)
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(Safetensors(model.parameterLayout, weights: weights.span, metadata: ["seed": "3"]).encoded())
            .write(to: url)
        let script = """
            import sys, safetensors
            with safetensors.safe_open(sys.argv[1], "numpy") as file:
                assert file.metadata() == {"seed": "3"}, file.metadata()
                assert len(file.keys()) == 10, file.keys()
                weight = file.get_tensor("7.weight")
                print(weight.shape[0], weight.shape[1], repr(float(weight[3, 5])))
            """
        let text = try run(python, script, url.path)
        let entry = model.parameterLayout.entries[4]
        #expect(text == "128 1568 \(Double(weights[entry.offset + 3 * 1568 + 5]))\n")
    }

    /// Needs `FEDMPI_PYTHON`, a Python with `safetensors` and `numpy`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil))
    func `a file with PyTorch's counters comes back from Python`() throws {
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let model = Model.edgeCNNBN
        let weights = model.initialWeights(seed: 3)
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(Safetensors(model.parameterLayout, weights: weights.span).encoded()).write(to: url)
        let script = """
            import sys, numpy
            from safetensors.numpy import load_file, save_file
            tensors = load_file(sys.argv[1])
            for layer in (1, 5):
                tensors[f"{layer}.num_batches_tracked"] = numpy.array(7, dtype=numpy.int64)
            save_file(tensors, sys.argv[1])
            """
        #expect(try run(python, script, url.path) == "")
        let read = try Safetensors(decoding: Array(Data(contentsOf: url)))
        #expect(try read.weights(for: model.parameterLayout) == weights)
    }

    /// What a Python script prints.
    private func run(_ python: String, _ script: String, _ argument: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", script, argument]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return text
    }
}
