import Foundation

/// Finds programs, and the environment that Open MPI's launcher needs to start more ranks than cores, as root as well.
package enum ProgramPath {
    /// The path of a program: the one beside another, else the first on the `PATH`; nil when there is none.
    ///
    /// - Parameters:
    ///   - name: the program's name.
    ///   - other: the path of the other program. The launcher beside fedmpi comes with defaults that suit it.
    package static func find(_ name: String, beside other: String) -> String? {
        let beside = URL(fileURLWithPath: other).deletingLastPathComponent().path
        let variable = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = [beside] + variable.split(separator: ":").map(String.init)
        return folders.map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    /// Whether a path leads to a program, and not to a folder.
    package static func isExecutable(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            && FileManager.default.isExecutableFile(atPath: path)
    }

    /// This process's environment, with defaults for Open MPI's launcher: more ranks than cores, unbound, and as root without
    /// questions. What the environment says of these wins.
    package static var launchEnvironment: [String: String] {
        let isRoot = getuid() == 0 ? "1" : "0"
        return [
            "OMPI_ALLOW_RUN_AS_ROOT": isRoot, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": isRoot,
            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
        ].merging(ProcessInfo.processInfo.environment) { $1 }
    }
}
