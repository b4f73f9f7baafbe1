public import FedCore
import Files
public import Foundation

extension RunFolder {
    /// Makes a folder in the folder of all runs.
    /// - Parameters:
    ///   - results: the folder of all runs; made when missing.
    ///   - name: nil takes the date and time.
    /// - Throws: `ConfigurationError` when the folder cannot be made or the named one exists.
    public static func make(results: String, name: String?) throws(ConfigurationError) -> URL {
        let parent = URL(fileURLWithPath: results, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationError("cannot make the results folder '\(results)': \(reason(error))")
        }
        if let name {
            let name = try FolderName(name, option: "--run-name").text
            let url = parent.appendingPathComponent(name, isDirectory: true)
            guard try make(url) else {
                throw ConfigurationError("the run '\(url.path)' exists; choose another --run-name")
            }
            return url
        }
        return try makeDated(in: parent)
    }

    /// Finds a run's folder.
    /// - Parameter run: the path of its folder, or its name in `results`.
    /// - Throws: `ConfigurationError` when neither is there.
    public static func find(_ run: String, results: String) throws(ConfigurationError) -> URL {
        let path = URL(fileURLWithPath: run, isDirectory: true)
        let named = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(run, isDirectory: true)
        for url in [path, named] where !run.isEmpty {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
                return url
            }
        }
        throw ConfigurationError("no run '\(run)': neither '\(path.path)' nor '\(named.path)' is a folder")
    }

    /// False when the folder is there already.
    private static func make(_ url: URL) throws(ConfigurationError) -> Bool {
        guard !FileManager.default.fileExists(atPath: url.path) else { return false }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            return true
        } catch {
            throw ConfigurationError("cannot make the run's folder '\(url.path)': \(reason(error))")
        }
    }

    /// The date and time, to name a run by.
    public static var datedName: String {
        let format = Date.ISO8601FormatStyle(timeZone: .current)
            .year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false).timeSeparator(.omitted)
        return Date.now.formatted(format)
    }

    private static func reason(_ error: any Error) -> String {
        FileError(of: error)?.reasonWithDisk ?? OutputTroubles.reason(error)
    }

    private static func makeDated(in parent: URL) throws(ConfigurationError) -> URL {
        let name = datedName
        var attempt = 1
        while true {
            let url = parent.appendingPathComponent(attempt == 1 ? name : "\(name)-\(attempt)", isDirectory: true)
            if try make(url) { return url }
            attempt += 1
        }
    }
}
