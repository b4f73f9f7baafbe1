import CVectors

extension SortingNetwork {
    /// The network as steps for AVX2: the same comparisons, but those of up to eight places that lie apart at first are
    /// one step, whose values stay in registers. That halves the loads and stores, which take most of the time.
    ///
    /// With t the largest power of two below `count`, the first three of merge exchange's passes only compare places
    /// that are equal modulo t / 4: they sort those eight. Of each later pass, which merges the sequences of even and odd
    /// multiples of p, the first three layers only compare what is equal modulo t / 2 or is p apart from that.
    static func steps(count: Int, places: Range<Int>) -> [vectors_step] {
        var steps: [vectors_step] = []
        func indices(of step: vectors_step) -> some Sequence<Int> {
            (0..<8).lazy.map { Int(step.first) + $0 / 2 * Int(step.far) + $0 % 2 * Int(step.near) }.filter {
                $0 < count
            }
        }
        func add(_ first: Int, near: Int, far: Int, sorts isWhole: Bool = false) {
            var step = vectors_step(
                first: Int32(first), near: Int32(near), far: Int32(far), places: 0, is_whole: isWhole)
            step.places = indices(of: step).reduce(0) { number, _ in number + 1 }
            steps.append(step)
        }

        var top = 1
        while 2 * top < count { top *= 2 }
        let hasBlocks = top >= 4
        if hasBlocks {
            for first in 0..<top / 4 { add(first, near: top / 4, far: top / 2, sorts: true) }
        }
        var p = hasBlocks ? top / 8 : top
        while p > 0 {
            if hasBlocks {
                for first in 0..<top / 2 where first & p == 0 { add(first, near: p, far: top / 2) }
            } else {
                for first in 0..<max(count - p, 0) where first & p == 0 { add(first, near: p, far: count) }
            }
            var q = hasBlocks ? top / 4 : top
            while q > p {
                for first in 0..<max(count - (q - p), 0) where first & p != 0 { add(first, near: q - p, far: count) }
                q /= 2
            }
            p /= 2
        }

        var isNeeded = (0..<count).map(places.contains)
        var kept: [vectors_step] = []
        for step in steps.reversed() where indices(of: step).contains(where: { isNeeded[$0] }) {
            for place in indices(of: step) { isNeeded[place] = true }
            kept.append(step)
        }
        return kept.reversed()
    }
}
