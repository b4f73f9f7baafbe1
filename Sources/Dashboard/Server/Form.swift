import Foundation
import HTTPTypes
import Hummingbird
import NIOFoundationEssentialsCompat

/// The fields of a form that a page has sent. A field that is given several times keeps all of its values.
struct Form {
    /// All values of each field, in their order.
    private let fields: [String: [String]]

    /// Reads a body as `application/x-www-form-urlencoded` (https://url.spec.whatwg.org/#application/x-www-form-urlencoded).
    /// - Throws: `APIError` when it is something else, or too long.
    init(_ request: Request, _ context: PageContext) async throws {
        let type = request.headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
            throw APIError(.unsupportedMediaType, "this takes a form")
        }
        let text = String(buffer: try await request.body.collect(upTo: context.maxUploadSize))
        var fields: [String: [String]] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count > 1 ? parts[1] : "") else {
                throw APIError(.badRequest, "the form cannot be read")
            }
            fields[name, default: []].append(value)
        }
        self.fields = fields
    }

    /// The first value of a field; nil when it is missing.
    subscript(name: String) -> String? { fields[name]?.first }

    /// All fields, the first value of each.
    var all: [String: String] { fields.compactMapValues(\.first) }

    /// A name or a value without its encoding; nil when it has none that is right.
    private static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }
}

extension Request {
    /// A JSON body as a value.
    /// - Throws: `APIError` when it is something else, or too long.
    func json<Value: Decodable>(_ type: Value.Type, _ context: PageContext) async throws -> Value {
        try JSONDecoder().decode(type, from: try await jsonData(context))
    }

    /// A JSON body as it is.
    /// - Throws: `APIError` when it says that it is something else, or is too long.
    func jsonData(_ context: PageContext) async throws -> Data {
        let type = headers[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/json") else {
            throw APIError(.unsupportedMediaType, "this takes JSON (Content-Type: application/json)")
        }
        return Data(buffer: try await body.collect(upTo: context.maxUploadSize))
    }
}
