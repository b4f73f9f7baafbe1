import Foundation
import HTTPTypes
import Hummingbird
import RunStore

/// The values behind the `?` of an address, read with limits; one that is not accepted is answered with 400, whatever it is.
struct Query {
    /// Whose address is read.
    private let request: Request
    /// Whether an empty number or word stands for none, as the fields of a page's form send it.
    private let isForm: Bool

    /// Reads the address of a request.
    init(_ request: Request, isForm: Bool = false) { (self.request, self.isForm) = (request, isForm) }

    /// A text; nil when it is missing or empty.
    func text(_ name: String) throws(APIError) -> String? {
        let values = request.uri.queryParameters[values: Substring(name)].map(String.init)
        guard values.count <= 1 else { throw APIError(.badRequest, "'\(name)' is given twice") }
        guard let value = values.first, !value.isEmpty else { return nil }
        guard value.unicodeScalars.count <= 100, !value.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw APIError(.badRequest, "'\(name)' is longer than 100 characters, or has control characters")
        }
        return value
    }

    /// A number or a word; nil when it is missing, and in a form when it is empty.
    private func value(_ name: String) throws(APIError) -> String? {
        if let text = try text(name) { return text }
        return isForm || request.uri.queryParameters[Substring(name)] == nil ? nil : ""
    }

    /// A whole number in a range.
    func number(_ name: String, in range: ClosedRange<Int>, default standard: Int) throws(APIError) -> Int {
        guard let text = try value(name) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw APIError(.badRequest, "'\(name)' is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of an enumeration's words.
    func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type) throws(APIError) -> Word?
    where Word.RawValue == String {
        guard let text = try value(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.badRequest, "'\(name)' is one of: \(words)")
        }
        return word
    }

    /// Numbers of rows: a parameter that may be repeated, or have several with commas between.
    func numbers(_ name: String) throws(APIError) -> [Int64] {
        var numbers: [Int64] = []
        for text in request.uri.queryParameters[values: Substring(name)].flatMap({ $0.split(separator: ",") }) {
            guard let number = Int64(text), number > 0 else {
                throw APIError(.badRequest, "'\(name)' is the number of a run")
            }
            if !numbers.contains(number) { numbers.append(number) }
        }
        return numbers
    }

    /// The filter of a list of runs.
    ///
    /// - Parameter limit: the page's size where none is given.
    func filter(limit: Int) throws(APIError) -> RunFilter {
        var filter = RunFilter()
        filter.search = try text("search")
        filter.strategy = try text("strategy")
        filter.model = try text("model")
        filter.dataset = try text("dataset")
        filter.tag = try text("tag")
        filter.status = try word("status", StoredRun.Status.self)
        filter.order = try word("sort", RunFilter.Order.self) ?? .date
        filter.limit = try number("limit", in: 1...500, default: limit)
        return filter
    }
}

extension PageContext {
    /// A parameter of the path that is a row's number.
    func number(_ name: String) throws(APIError) -> Int64 {
        guard let text = parameters.get(name), let number = Int64(text), number > 0, "\(number)" == text else {
            throw APIError(.notFound, "there is nothing of this number")
        }
        return number
    }
}
