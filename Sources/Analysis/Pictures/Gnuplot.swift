import FedCore
public import Files
public import Foundation

/// Draws pictures by one gnuplot process.
///
/// ```swift
/// switch try Gnuplot.draw(pictures, in: folder) {
/// case .drawn: break
/// case .missing: print(Gnuplot.advice)
/// case .failed(let reason): print("no pictures: \(reason)")
/// }
/// ```
public enum Gnuplot {
    /// What came of drawing. Scripts and data are in the folder in any case.
    public enum Outcome: Equatable {
        /// All pictures are in the folder.
        case drawn
        /// There is no gnuplot.
        case missing
        /// It could not be started, ended with an error or left a picture out; on one line, mostly the last that it
        /// said itself. Pictures before the one that is missing may be in the folder.
        case failed(String)
    }

    /// What to say where gnuplot is missing.
    public static let advice = "no pictures: gnuplot is missing; apt-get install gnuplot-nox"

    /// Writes scripts and data into the folder, and draws. gnuplot writes through symbolic links: so it works in a
    /// folder of its own, and what it has drawn is put into place.
    ///
    /// Blocks until gnuplot has ended.
    ///
    /// - Parameters:
    ///   - pictures: of different names.
    ///   - folder: where `.csv`, `.gp` and `.png` files go; files of these names are replaced.
    ///   - path: the folders to look for gnuplot in, as in `PATH`; nil is none.
    /// - Returns: what came of it. That no picture was drawn is no error: whoever has the scripts can draw them later.
    /// - Throws: `FileError` when the folder cannot be written to.
    public static func draw(
        _ pictures: [Picture], in folder: URL, path: String? = ProcessInfo.processInfo.environment["PATH"]
    ) throws(FileError) -> Outcome {
        try drawn(pictures, in: folder, path: path, withVectors: false).outcome
    }

    /// The largest vector graphic that a page gets, in bytes; a picture of more boxes is smaller as an image.
    private static let mostVectors = 400_000

    /// Draws as ``draw(_:in:path:)`` does, and for a page.
    ///
    /// - Parameters:
    ///   - pictures: of different names.
    ///   - folder: where `.csv`, `.gp` and `.png` files go; the page's graphics are not put there.
    ///   - path: the folders to look for gnuplot in.
    ///   - withVectors: whether there is a page.
    /// - Returns: what came of it, and by the pictures' names what a page shows: the SVG, or the PNG where that is much
    ///   smaller. Nothing for a page unless all were drawn.
    /// - Throws: `FileError` when the folder cannot be written to.
    static func drawn(
        _ pictures: [Picture], in folder: URL, path: String?, withVectors: Bool
    ) throws(FileError) -> (outcome: Outcome, page: [String: Data]) {
        try write(pictures, into: folder)
        guard let gnuplot = find(path) else { return (.missing, [:]) }
        var scripts = pictures.map { "\($0.name).gp" }
        let studio: PrivateFolder
        do throws(FileError) {
            studio = try PrivateFolder()
            try write(pictures, into: studio.url)
            if withVectors {
                for picture in pictures {
                    let name = "\(picture.name).svg.gp"
                    try studio.url.appendingPathComponent(name).replaceContents(with: picture.vectorScript)
                    scripts.append(name)
                }
            }
        } catch {
            return (.failed(error.description), [:])
        }
        if let reason = run(gnuplot, scripts, in: studio.url) { return (.failed(reason), [:]) }
        var page: [String: Data] = [:]
        for picture in pictures {
            let name = "\(picture.name).png"
            let png: [UInt8]
            let svg: [UInt8]?
            do throws(FileError) {
                png = try ReceivedFile.contents(studio.url.appendingPathComponent(name))
                svg =
                    withVectors
                    ? try ReceivedFile.contents(studio.url.appendingPathComponent("\(picture.name).svg")) : nil
            } catch {
                return (.failed("\(name) was not drawn"), [:])
            }
            try folder.appendingPathComponent(name).replaceContents(with: png)
            if let svg { page[picture.name] = Data(svg.count <= mostVectors ? svg : png) }
        }
        return (.drawn, page)
    }

    /// Writes the data and the script of each picture, each file whole or not at all.
    private static func write(_ pictures: [Picture], into folder: URL) throws(FileError) {
        for picture in pictures {
            try folder.appendingPathComponent("\(picture.name).csv").replaceContents(with: picture.data)
            try folder.appendingPathComponent("\(picture.name).gp").replaceContents(with: picture.script)
        }
    }

    /// Runs gnuplot on all scripts and waits for its end. It reads no settings of the user's, and no input.
    ///
    /// - Parameters:
    ///   - gnuplot: the program.
    ///   - scripts: names of files in the folder.
    ///   - folder: the process's working directory, for the scripts name files without one.
    /// - Returns: why it failed, if it did, on one line.
    private static func run(_ gnuplot: URL, _ scripts: [String], in folder: URL) -> String? {
        let process = Process()
        process.executableURL = gnuplot
        process.arguments = ["--default-settings"] + scripts
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        do { try process.run() } catch { return "cannot be started: \(error.reasonLine)" }
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
            return lines.last?.printable ?? "exit code \(process.terminationStatus)"
        }
        return nil
    }

    /// The gnuplot that pictures would be drawn by; nil where there is none.
    public static var found: URL? { find(ProcessInfo.processInfo.environment["PATH"]) }

    /// The first executable file called `gnuplot` in the folders of a path.
    private static func find(_ path: String?) -> URL? {
        (path ?? "").split(separator: ":").map { URL(fileURLWithPath: String($0)).appendingPathComponent("gnuplot") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}
