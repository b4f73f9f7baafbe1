public import FedCore
import Files
public import Foundation

/// Runs' folders in the folder of all runs: made for a new run, found for one that is named.
extension RunFolder {
    /// Makes a folder in the folder of all runs.
    ///
    /// - Parameters:
    ///   - results: the folder of all runs; made when missing.
    ///   - name: the name of the run, checked by `FolderName`; nil takes the date and time, and a number where
    ///     that is taken.
    /// - Returns: the new folder.
    /// - Throws: `ConfigurationError` when the folder cannot be made, the name is not one for a folder, or the
    ///   named one exists.
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
            guard try make(url) else { throw existing(url) }
            return url
        }
        return try makeDated(in: parent)
    }

    /// Refuses the name of a new run as ``make(results:name:)`` does, and makes nothing.
    ///
    /// - Parameters:
    ///   - results: the folder of all runs, which need not be there.
    ///   - name: the name; nil is always free.
    /// - Throws: `ConfigurationError` when it is not one for a folder, or the run exists.
    public static func checkFree(results: String, name: String?) throws(ConfigurationError) {
        guard let name else { return }
        let text = try FolderName(name, option: "--run-name").text
        let url = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(text, isDirectory: true)
        guard !FileManager.default.fileExists(atPath: url.path) else { throw existing(url) }
    }

    /// The error for the name of a run that is there.
    private static func existing(_ url: URL) -> ConfigurationError {
        ConfigurationError("the run '\(url.path)' exists; choose another --run-name")
    }

    /// Finds a run's folder.
    ///
    /// - Parameters:
    ///   - run: the path of its folder, or its name in `results`; a path wins.
    ///   - results: the folder of all runs.
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

    /// Makes a folder; false when there is something of its name already.
    private static func make(_ url: URL) throws(ConfigurationError) -> Bool {
        guard !FileManager.default.fileExists(atPath: url.path) else { return false }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            return true
        } catch {
            throw ConfigurationError("cannot make the run's folder '\(url.path)': \(reason(error))")
        }
    }

    /// The local date and time, such as `2026-03-01T142530`, to name a run by. Names sort by time.
    public static var datedName: String {
        let format = Date.ISO8601FormatStyle(timeZone: .current)
            .year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false).timeSeparator(.omitted)
        return Date.now.formatted(format)
    }

    /// The reason for a folder that cannot be made, with the disk's name where the disk is at fault.
    private static func reason(_ error: any Error) -> String {
        FileError(of: error)?.reasonWithDisk ?? OutputTroubles.reason(error)
    }

    /// Makes a folder named by the time; runs that start in the same second get numbers.
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
