import FedCore

/// Draws without replacement: each time one of those that are left, with a probability in proportion to its
/// weight. Those of weight 0 are drawn when no others are left, all alike.
///
/// The weights are whole numbers, so the probabilities are exact on every machine; the sums of those that are
/// left are kept in a binary indexed tree (P. M. Fenwick, *A New Data Structure for Cumulative Frequency
/// Tables*, Software: Practice and Experience 24(3), 1994). O(count) to make, then O(log count) a draw.
struct WeightedDraw {
    /// Weights of those that are left; 0 for the others.
    private var weights: [UInt64]
    private var isDrawn: [Bool]
    /// Partial sums: `tree[i - 1]` is the sum of the weights i − lowbit(i) ..< i.
    private var tree: [UInt64] = []
    /// Sum of the weights of those that are left.
    private var total: UInt64 = 0
    /// Number of those that are left, of weight 0 or not.
    private var left: Int

    /// Prepares a draw.
    ///
    /// - Parameter weights: one for each index, with a sum below 2⁶⁴.
    init(_ weights: [UInt64]) {
        self.weights = weights
        isDrawn = [Bool](repeating: false, count: weights.count)
        left = weights.count
        plant()
    }

    /// Builds the tree from the weights. O(count).
    private mutating func plant() {
        tree = weights
        total = 0
        for i in 1..<max(tree.count + 1, 1) {
            total += weights[i - 1]
            let next = i + (i & -i)
            if next <= tree.count { tree[next - 1] += tree[i - 1] }
        }
    }

    /// Draws one index of those that are left.
    ///
    /// - Precondition: there is one.
    mutating func next(_ random: inout RandomStream) -> Int {
        precondition(left > 0, "all are drawn")
        if total == 0 {
            weights = isDrawn.map { $0 ? 0 : 1 }
            plant()
        }
        let index = index(below: random.integer(below: total))
        remove(index)
        return index
    }

    /// Draws `count` indices one after the other, or all that are left if those are fewer.
    mutating func next(_ count: Int, _ random: inout RandomStream) -> [Int] {
        var indices: [Int] = []
        for _ in 0..<min(count, left) { indices.append(next(&random)) }
        return indices
    }

    /// The first index whose weights from 0 on, itself included, sum to more than `target` < total. O(log
    /// count).
    private func index(below target: UInt64) -> Int {
        var (position, target) = (0, target)
        var step = tree.isEmpty ? 0 : 1 << (Int.bitWidth - 1 - tree.count.leadingZeroBitCount)
        while step > 0 {
            let next = position + step
            if next <= tree.count, tree[next - 1] <= target {
                target -= tree[next - 1]
                position = next
            }
            step >>= 1
        }
        return position
    }

    /// Takes an index out of the tree. O(log count).
    private mutating func remove(_ index: Int) {
        let weight = weights[index]
        weights[index] = 0
        isDrawn[index] = true
        left -= 1
        total -= weight
        var i = index + 1
        while i <= tree.count {
            tree[i - 1] -= weight
            i += i & -i
        }
    }
}

extension WeightedDraw {
    /// Prepares a draw with real-valued weights.
    ///
    /// - Parameter numbers: fewer than 2³¹ numbers ≥ 0. Weights are in proportion to them, to 32 bits of the
    ///   largest; a number above 0 never becomes 0.
    init(proportionalTo numbers: [Double]) {
        let largest = numbers.max() ?? 0
        self.init(
            numbers.map { number in
                guard number > 0 else { return 0 }
                return max(UInt64(number / largest * 0x1p32), 1)
            })
    }
}

extension RandomStream {
    /// Uniform on 0 ..< bound for bounds of 64 bits, without modulo bias.
    ///
    /// D. Lemire, *Fast Random Integer Generation in an Interval*, ACM TOMACS 29(1), 2019, arXiv:1805.10941.
    fileprivate mutating func integer(below bound: UInt64) -> UInt64 {
        precondition(bound > 0)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return product.high
    }
}
