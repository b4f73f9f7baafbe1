import COneDNN

/// What the oneDNN that was found is, for a report.
public enum OneDNNLibrary {
    /// E.g. `2.6.3`.
    public static var version: String {
        guard let version = dnnl_version()?.pointee else { return "unknown" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// The widest instruction set its kernels use on this processor, e.g. `avx512_core_bf16`.
    public static var instructionSet: String {
        let name = String(cString: dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa()))
        let prefix = "cpu_isa_"
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    /// Whether products of bytes are added without a sum of 16 bits between, which saturates: with VNNI's instructions.
    static var addsBytesExactly: Bool {
        let isa = dnnl_get_effective_cpu_isa().rawValue
        return [dnnl_cpu_isa_avx512_core_vnni, dnnl_cpu_isa_avx2_vnni].contains { isa & $0.rawValue == $0.rawValue }
    }
}
