import FedCore
public import Foundation

/// A control group of the kernel's, made for one process, that bounds its processor time. Version 2 of the interface, or
/// the `cpu` controller of version 1.
///
/// Whether a group may be made depends on the machine: root can, an ordinary user only in a part of the tree that was
/// delegated to them, and most containers see the tree read-only.
public struct ControlGroup: Sendable {
    /// Why there is no group.
    public struct Refusal: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    public let folder: URL
    /// 1 or 2.
    public let version: Int

    /// The smallest share that is kept: a quota of 1 ms in a period of 1 s, the kernel's limits.
    public static let smallestShare = 0.001

    private static let prefix = "fedmpi-serve-"

    /// Makes a group beside or below that of this process. It is empty until a process joins.
    ///
    /// - Parameters:
    ///   - cpuShare: of a core's time, in (0, 1]: an image takes one thread.
    ///   - root: where control groups are mounted.
    ///   - membership: `/proc/self/cgroup`, which says where this process is.
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

    private static func limit(_ folder: URL, _ version: Int, cpuShare: Double) throws {
        // Short periods: a pass that is interrupted goes on soon. The kernel takes no quota below 1 ms, no period over 1 s.
        let period = min(1_000_000, max(10_000, Int((1_000 / cpuShare).rounded(.up))))
        let quota = max(1_000, Int((cpuShare * Double(period)).rounded()))
        if version == 2 {
            try write("\(quota) \(period)", to: folder, "cpu.max")
        } else {
            try write("\(period)", to: folder, "cpu.cfs_period_us")
            try write("\(quota)", to: folder, "cpu.cfs_quota_us")
        }
    }

    /// Puts this process into the group; all its threads follow.
    /// - Returns: whether the kernel allowed it.
    public static func join(_ folder: String) -> Bool {
        (try? write("\(getpid())", to: URL(fileURLWithPath: folder), "cgroup.procs")) != nil
    }

    /// Removes the group, once its process has ended.
    public func remove() {
        // The kernel may take a moment to let go of a process that has ended.
        for _ in 0..<50 where rmdir(folder.path) != 0 && errno == EBUSY { usleep(10_000) }
    }

    /// A folder in which a group can have the controllers.
    private struct Place {
        let folder: URL
        let version: Int
    }

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

    private static func words(in file: URL) -> [String] {
        (try? String(contentsOf: file, encoding: .utf8))?.split { $0.isWhitespace }.map { String($0) } ?? []
    }

    private static func write(_ text: String, to folder: URL, _ file: String) throws {
        let handle = try FileHandle(forWritingTo: folder.appendingPathComponent(file))
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    /// Groups whose maker has ended without removing them.
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
