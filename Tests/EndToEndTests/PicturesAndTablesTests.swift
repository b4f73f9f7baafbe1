import Foundation
import Testing

/// Data as people have it: folders of pictures of many sizes, tables with texts, gaps and numbers to predict.
@Suite(
    .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil, "set FEDMPI_PYTHON"))
struct PicturesAndTablesTests {
    private let folder: Folder

    /// Writes 3 · 60 pictures in three colours below a folder for each of four clients, and a table.
    private static let make = """
        import os, struct, zlib
        import numpy as np
        random = np.random.default_rng(3)

        def png(path, pixels):
            def chunk(kind, body):
                return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            rows = b"".join(b"\\0" + row.tobytes() for row in pixels)
            header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
            with open(path, "wb") as file:
                file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
                           + chunk(b"IEND", b""))

        for kind, name in enumerate(["cat", "cow", "dog"]):
            for number in range(60):
                place = f"pictures/{'abcd'[number % 4]}/{name}"
                os.makedirs(place, exist_ok=True)
                pixels = random.integers(0, 180, (*random.integers(12, 24, 2), 3))
                pixels[:, :, kind] += 60
                png(f"{place}/{number}.png", pixels.astype("u1"))
        with open("table.csv", "w") as file:
            file.write("colour,size,price,heavy,fast\\n")
            for _ in range(600):
                colour, size = random.integers(0, 3), random.normal()
                price = 2 * size - colour + 0.1 * random.normal()
                gap = random.random() < 0.1
                file.write(f"{['red', 'blue', 'green'][colour]},{'' if gap else f'{size:.4f}'},{price:.4f},"
                           f"{int(size > 0)},{int(colour == 1)}\\n")
        """

    init() throws {
        folder = try Folder()
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let script = try folder.write(Self.make, to: "make.py")
        let made = try Program.run(["env", "-C", folder.path, python, script])
        #expect(made.status == 0, "\(made.errors)")
    }

    private func train(
        _ dataset: String, _ options: String, _ arguments: [String], ranks: Int? = nil, status: Int32 = 0
    ) throws -> Program.Outcome {
        let outcome = try Program.run(
            ranks: ranks,
            [
                "--dataset", "\(dataset)", "--dataset-options", options, "--results", folder.path, "--json",
                "--no-report",
            ]
                + arguments, environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
        #expect(outcome.status == status, "\(outcome.errors)")
        return outcome
    }

    @Test func `Pictures of many sizes train, clients being their folders, and ranks decode them once`() throws {
        let pictures = "images:\(folder.path)/pictures"
        let arguments = [
            "--model", "conv 8 3x3 pad 1, relu, avgpool 4, linear", "--clients", "4", "--partition", "natural",
            "--rounds",
            "5", "--epochs", "2", "--batch-size", "8", "--lr", "0.1",
        ]
        let options = "resize=16x16,clients=folders,test-share=0.2"
        let alone = try train(pictures, options, arguments, ranks: 1)
        #expect(try alone.events().compactMap { $0["server_accuracy"] as? Double }.last ?? 0 > 0.6)
        #expect(try train(pictures, options, arguments, ranks: 3).digest() == alone.digest())
        let copies = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/cache")
        #expect(copies.count { !$0.hasSuffix(".lock") } == 1)

        // What is missing, and what is damaged, is one line.
        let sizes = try train(pictures, "clients=folders", arguments, status: 2)
        #expect(
            sizes.errorLines.count == 1 && sizes.errors.contains("dataset option resize=HxW brings all to one size"))
        let picture = "\(folder.path)/pictures/b/cow/1.png"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
        try bytes.prefix(100).write(to: URL(fileURLWithPath: picture))
        let damaged = try train(pictures, options, arguments, ranks: 2, status: 2)
        #expect(damaged.errorLines.count == 1 && damaged.errors.contains("\(picture): cannot be decoded as PNG"))
    }

    @Test func `A table with texts and gaps predicts a number, and labels`() throws {
        let table = "csv:\(folder.path)/table.csv"
        let arguments = ["--model", "linear", "--clients", "3", "--rounds", "10", "--lr", "0.1", "--batch-size", "16"]
        let price = try train(
            table, "target=price,ignore=heavy fast,text=colour,missing=mean", arguments + ["--loss", "mse"])
        // The size is missing in a tenth of the rows; the rest is all but linear.
        #expect(try price.events().compactMap { $0["r2"] as? Double }.last ?? 0 > 0.6, "\(price.output)")
        let labels = try train(table, "labels=heavy fast,ignore=price,text=colour,missing=drop", arguments)
        #expect(try labels.events().compactMap { $0["server_accuracy"] as? Double }.last ?? 0 > 0.8, "\(labels.output)")
        let refused = try train(table, "target=price", arguments, status: 2)
        #expect(refused.errorLines.count == 1 && refused.errors.contains("add text=colour to --dataset-options"))
    }
}
