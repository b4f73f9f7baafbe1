import Foundation
import Serving
import Testing

@Suite struct ControlGroupTests {
    /// A tree as the kernel shows it, with files that take anything.
    private func tree(_ files: [String: String]) throws -> String {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-groups-\(UUID().uuidString)")
        for (path, text) in files {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return root.path
    }

    private func refusal(root: String, cpuShare: Double = 0.5) -> String? {
        do {
            _ = try ControlGroup(cpuShare: cpuShare, root: root, membership: root + "/self")
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `Without the cpu controller there is no group, and the reason is said`() throws {
        let root = try tree(["self": "0::/job\n", "job/cgroup.subtree_control": "memory\n"])
        #expect(refusal(root: root)?.contains("cpu controller") == true)
        #expect(refusal(root: root, cpuShare: 0.0001)?.contains("no share below 0.1 %") == true)
        #expect(refusal(root: "/nowhere")?.contains("no control groups") == true)
    }

    @Test func `A group that takes no limit is removed, and the next place is tried`() throws {
        // These folders are no control groups: making a folder makes no files in it.
        let root = try tree([
            "self": "0::/a/job\n", "a/cgroup.subtree_control": "cpu memory\n", "a/job/cgroup.subtree_control": "cpu\n",
        ])
        #expect(refusal(root: root)?.contains("\(root)/a takes no limit") == true)
        let left = try FileManager.default.subpathsOfDirectory(atPath: root)
        #expect(!left.contains { $0.contains("fedmpi-serve") })
    }

    @Test func `The kernel keeps a share of a core, and the group goes`() throws {
        let group: ControlGroup
        do {
            group = try ControlGroup(cpuShare: 0.2)
        } catch {
            try Test.cancel("not allowed here: \(error)")
        }
        // A shell that computes for a second of its own, in the group from its first instruction on.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            """
            echo $$ > \(group.folder.path)/cgroup.procs || exit 9
            i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times | head -1
            """,
        ]
        let output = Pipe()
        process.standardOutput = output
        let begin = ContinuousClock.now
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        group.remove()
        #expect(!FileManager.default.fileExists(atPath: group.folder.path))
        #expect(process.terminationStatus == 0)
        // "0m0.42s 0m0.01s"
        let user = said.split(separator: "m").dropFirst().first?.split(separator: "s").first.flatMap { Double($0) }
        let computed = try #require(user)
        // At least three times as long as it computed, where the share says five times.
        #expect(seconds > 3 * computed, "\(computed) s computed in \(seconds) s")
    }
}
