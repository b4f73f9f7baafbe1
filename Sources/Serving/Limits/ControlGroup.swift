import FedCore
public import Foundation

/// A control group of the Linux kernel, made for one process, that bounds its processor time: a quota in each period,
/// after which its threads are stopped until the next period. Version 2 of the interface, or the `cpu` controller of
/// version 1.
///
/// Whether a group may be made depends on the machine: root can, an ordinary user only in a part of the tree that was
/// delegated to them, and most containers see the tree read-only. Where none can be made, the share is simulated.
///
/// The rank that starts a device makes the group, the device's process joins it, and the rank removes it afterwards.
/// Source: Linux kernel documentation, *Control Group v2*, `cpu.max`; *CFS Bandwidth Control* for version 1.
public struct ControlGroup: Sendable {
    /// Why there is no group, in words for a report.
    public struct Refusal: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// The group's folder in the control group file system.
    public let folder: URL
    /// Version of the kernel's interface: 1 or 2.
    public let version: Int

    /// The smallest share that is kept: a quota of 1 ms in a period of 1 s, the kernel's limits.
    public static let smallestShare = 0.001

    /// How names of groups begin; the maker's process number follows.
    private static let prefix = "fedmpi-serve-"

    /// Makes a group below that of this process, or beside it, with a limit. It is empty until a process joins. Groups
    /// whose makers have ended are removed on the way.
    ///
    /// - Parameters:
    ///   - cpuShare: Share of one core's time, in (0, 1]: an image takes one thread.
    ///   - root: Where control groups are mounted.
    ///   - membership: `/proc/self/cgroup`, which says where this process is; tests give others.
    /// - Throws: ``Refusal`` when the kernel or the user's rights do not allow it.
    public init(
        cpuShare: Double, root: String = "/sys/fs/cgroup",
        membership: String = "/proc/self/cgroup"
    ) throws(Refusal) {
        guard cpuShare >= Self.smallestShare else {
            throw Refusal(description: "the kernel keeps no share below \(100 * Self.smallestShare) %")
        }
        guard let own = try? String(contentsOfFile: membership, encoding: .utf8) else {
            throw Refusal(description: "this system has no control groups")
        }
        let places = Self.parents(root: root, membership: own)
        guard !places.isEmpty else { throw Refusal(description: "no control group here has the cpu controller") }
        Self.removeLeftovers(in: places.map(\.folder))
        let name = "\(Self.prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        var reason = ""
        for place in places {
            let folder = place.folder.appendingPathComponent(name, isDirectory: true)
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            } catch {
                reason = "no control group may be made in \(place.folder.path)"
                continue
            }
            do {
                try Self.limit(folder, place.version, cpuShare: cpuShare)
            } catch {
                rmdir(folder.path)
                reason = "the control group in \(place.folder.path) takes no limit"
                continue
            }
            self.folder = folder
            version = place.version
            return
        }
        throw Refusal(description: reason)
    }

    /// Writes a group's quota and period, in microseconds: a period of 10 ms where the share allows it, longer where
    /// the quota would fall below 1 ms.
    private static func limit(_ folder: URL, _ version: Int, cpuShare: Double) throws {
        // Short periods: a pass that is interrupted goes on soon. The kernel takes no quota below 1 ms and no period
        // over 1 s.
        let period = min(1_000_000, max(10_000, Int((1_000 / cpuShare).rounded(.up))))
        let quota = max(1_000, Int((cpuShare * Double(period)).rounded()))
        if version == 2 {
            try write("\(quota) \(period)", to: folder, "cpu.max")
        } else {
            try write("\(period)", to: folder, "cpu.cfs_period_us")
            try write("\(quota)", to: folder, "cpu.cfs_quota_us")
        }
    }

    /// Puts this process into a group; all its threads follow, and those that it starts later.
    ///
    /// - Parameter folder: The group's ``folder``, as a path.
    /// - Returns: Whether the kernel allowed it.
    public static func join(_ folder: String) -> Bool {
        (try? write("\(getpid())", to: URL(fileURLWithPath: folder), "cgroup.procs")) != nil
    }

    /// Removes the group, once its process has ended. Retries for up to half a second while the kernel still counts the
    /// process.
    public func remove() {
        // The kernel may take a moment to let go of a process that has ended.
        for _ in 0..<50 where rmdir(folder.path) != 0 && errno == EBUSY { usleep(10_000) }
    }

    /// A folder in which a group with the cpu controller can be made.
    private struct Place {
        let folder: URL
        let version: Int
    }

    /// The folders in which a group of this process may be made, in order of preference.
    ///
    /// - Parameters:
    ///   - root: Where control groups are mounted.
    ///   - membership: Text of `/proc/self/cgroup`.
    private static func parents(root: String, membership: String) -> [Place] {
        let root = URL(fileURLWithPath: root, isDirectory: true)
        var places: [Place] = []
        for line in membership.split(separator: "\n") {
            // "4:memory:/a/b"; of version 2 "0::/a/b".
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let path = parts[2].drop { $0 == "/" }
            if parts[1].isEmpty {
                // A group with processes hands no controllers down, unless it is the root: the place is beside it then.
                let own = path.isEmpty ? root : root.appendingPathComponent(String(path), isDirectory: true)
                for folder in path.isEmpty ? [own] : [own, own.deletingLastPathComponent()] {
                    let handedDown = words(in: folder.appendingPathComponent("cgroup.subtree_control"))
                    guard handedDown.contains("cpu") else { continue }
                    places.append(Place(folder: folder, version: 2))
                }
            } else if parts[1].split(separator: ",").contains("cpu") {
                let mount = root.appendingPathComponent(String(parts[1]), isDirectory: true)
                let folder = path.isEmpty ? mount : mount.appendingPathComponent(String(path), isDirectory: true)
                guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("cpu.cfs_quota_us").path)
                else { continue }
                places.append(Place(folder: folder, version: 1))
            }
        }
        return places
    }

    /// The words of a file of the kernel; empty when it cannot be read.
    private static func words(in file: URL) -> [String] {
        (try? String(contentsOf: file, encoding: .utf8))?.split { $0.isWhitespace }.map { String($0) } ?? []
    }

    /// Writes a value into a file of the kernel, which takes or refuses it at once.
    private static func write(_ text: String, to folder: URL, _ file: String) throws {
        let handle = try FileHandle(forWritingTo: folder.appendingPathComponent(file))
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Removes groups whose makers have ended without doing so, e.g. because they were killed.
    private static func removeLeftovers(in folders: [URL]) {
        for folder in folders {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            where name.hasPrefix(prefix) {
                let maker = name.dropFirst(prefix.count).split(separator: "-").first.flatMap { pid_t($0) }
                if let maker, kill(maker, 0) != 0, errno == ESRCH {
                    rmdir(folder.appendingPathComponent(name).path)
                }
            }
        }
    }
}
