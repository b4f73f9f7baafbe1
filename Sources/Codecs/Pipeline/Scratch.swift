import Synchronization

/// Memory that one encoding leaves to the next: what is allocated anew for each, the allocator gives back to the system in
/// between, and touching it for the first time takes longer than most of what codecs do with it.
///
/// A few lists are kept, each of at most 64 MB; what is larger goes back.
final class Scratch<Element: Sendable>: Sendable {
    /// What was given back and not taken again; the last one is taken first.
    private let lists = Mutex<[[Element]]>([])
    /// What fills memory that is new.
    private let zero: Element

    /// How many lists are kept.
    private static var mostLists: Int { 4 }
    /// Bytes of the largest list that is kept.
    private static var mostBytes: Int { 64 << 20 }

    /// Begins with no lists; new memory is filled with this element.
    private init(_ zero: Element) { self.zero = zero }

    /// A list of at least so many elements, of any values. It is the caller's alone until it is given back.
    func take(_ count: Int) -> [Element] {
        var list = lists.withLock { $0.popLast() } ?? []
        if list.count < count { list.append(contentsOf: repeatElement(zero, count: count - list.count)) }
        return list
    }

    /// An empty list with room for so many elements.
    func takeEmpty(capacity: Int) -> [Element] {
        var list = lists.withLock { $0.popLast() } ?? []
        list.removeAll(keepingCapacity: true)
        list.reserveCapacity(capacity)
        return list
    }

    /// Takes a list back, which its user must not use any more. It may be from elsewhere.
    func give(_ list: [Element]) {
        guard list.capacity * MemoryLayout<Element>.stride <= Self.mostBytes else { return }
        lists.withLock { if $0.count < Self.mostLists { $0.append(list) } }
    }
}

extension Scratch<Float> {
    /// Numbers that cross.
    static let numbers = Scratch(0)
}

extension Scratch<UInt8> {
    /// Symbols.
    static let symbols = Scratch(0)
}

extension Scratch<UInt32> {
    /// Places.
    static let places = Scratch(0)
}
