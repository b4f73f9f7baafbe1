import FedCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOFoundationEssentialsCompat
import RunStore

/// What a caller is told in place of an answer: JSON from the API, a page for a browser.
struct APIError: HTTPResponseError, Encodable {
    /// The code of HTTP.
    let status: HTTPResponse.Status
    /// One line, in the words of the command line where it has some.
    let message: String
    /// Further lines of the head.
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ message: String, headers: HTTPFields = [:]) {
        self.status = status
        self.message = message
        self.headers = headers
    }

    /// An error of the program's parts. What the caller has given is at fault where it is a configuration's error.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as ConfigurationError: self.init(.unprocessableContent, error.description)
        case let error as HTTPError: self.init(error.status, error.body ?? error.status.reasonPhrase)
        case let error as RunStoreError: self.init(.serviceUnavailable, error.description)
        case is DecodingError: self.init(.badRequest, Self.words(error))
        case let error as any HTTPResponseError: self.init(error.status, error.status.reasonPhrase)
        default: self.init(.internalServerError, "\(error)")
        }
    }

    /// What is wrong with a body, by the field that it is about.
    private static func words(_ error: any Error) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        guard let error = error as? DecodingError else { return "the body is not what is expected" }
        switch error {
        case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let place = place(context)
            return (place.isEmpty ? "the body" : "'\(place)'") + " is not what is expected there"
        case .dataCorrupted(let context):
            let place = place(context)
            return place.isEmpty ? "the body is not JSON" : "'\(place)': \(context.debugDescription)"
        @unknown default: return "the body is not what is expected"
        }
    }

    private enum Key: String, CodingKey { case error, status, message }

    func encode(to encoder: any Encoder) throws {
        var outer = encoder.container(keyedBy: Key.self)
        var error = outer.nestedContainer(keyedBy: Key.self, forKey: .error)
        try error.encode(status.code, forKey: .status)
        try error.encode(message, forKey: .message)
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var headers = headers
        if request.wantsPage {
            headers[.contentType] = "text/html; charset=utf-8"
            return Response(status: status, headers: headers, body: .text(Layout.error(self).text))
        }
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(data: try JSON.data(self))))
    }
}

extension Request {
    /// Whether it comes from a browser that expects a page, and not from a program that calls the API.
    var wantsPage: Bool {
        !uri.path.hasPrefix("/v1/") && !uri.path.hasPrefix("/training/")
            && (headers[.accept] ?? "").contains("text/html")
    }
}

extension ResponseBody {
    /// A text as a body.
    static func text(_ text: String) -> ResponseBody { .init(byteBuffer: ByteBuffer(string: text)) }
}

/// JSON as the API speaks it: sorted keys, dates as RFC 3339.
enum JSON {
    /// A value's JSON.
    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        // A run that diverged has losses that JSON has no numbers for.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(value)
    }

    /// Reads what fedmpi prints and leaves in files, whose keys have underscores.
    static func read<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data)
    }

    /// A response that is a value's JSON.
    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(data: try data(value))))
    }
}
