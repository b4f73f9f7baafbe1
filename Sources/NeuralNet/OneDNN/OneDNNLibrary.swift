import COneDNN

/// The oneDNN that the process is linked with, for `fedmpi doctor` and the records of a run.
public enum OneDNNLibrary {
    /// Version, e.g. `2.6.3`; `unknown` when the library does not tell.
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

    /// Whether its kernels for floats lay out eight channels of a pixel side by side, as wide as the vectors of AVX2, and
    /// not sixteen.
    static var blocksEightChannels: Bool {
        let isa = dnnl_get_effective_cpu_isa().rawValue
        return allowsAVX2 && isa & dnnl_cpu_isa_avx512_core.rawValue != dnnl_cpu_isa_avx512_core.rawValue
    }

    /// Whether it may use AVX2, and with it loops of our own may: `ONEDNN_MAX_CPU_ISA` counts for both.
    static var allowsAVX2: Bool {
        dnnl_get_effective_cpu_isa().rawValue & dnnl_cpu_isa_avx2.rawValue == dnnl_cpu_isa_avx2.rawValue
    }

    /// Whether the processor multiplies brain floats (bf16: the upper half of a Float) and adds their products in single
    /// precision: AVX512-BF16 or AMX.
    public static var multipliesBrainFloats: Bool {
        let isa = dnnl_get_effective_cpu_isa().rawValue
        return isa & dnnl_cpu_isa_avx512_core_bf16.rawValue == dnnl_cpu_isa_avx512_core_bf16.rawValue
    }

    /// Whether the processor adds products of bytes in 32 bits (VNNI). Before VNNI two products are added in 16 bits
    /// first, which saturate, so that 8-bit models are computed in floats: they save bytes there, and no time.
    public static var addsBytesExactly: Bool {
        let isa = dnnl_get_effective_cpu_isa().rawValue
        return [dnnl_cpu_isa_avx512_core_vnni, dnnl_cpu_isa_avx2_vnni].contains { isa & $0.rawValue == $0.rawValue }
    }
}
